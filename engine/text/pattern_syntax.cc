#include "engine/text/pattern_syntax.hh"

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

// Oniguruma 6.9, unicode_property_data.c: CR_Space has U+0085 beside PCRE2's; CR_Word is Alphabetic, marks,
// decimal digits and connectors.
constexpr const char* space = R"(\s\x{85})";
constexpr const char* word =
    R"(\p{L}\p{Nl}\p{M}\p{Nd}\p{Pc}\x{24B6}-\x{24E9}\x{1F130}-\x{1F149}\x{1F150}-\x{1F169}\x{1F170}-\x{1F189})";
constexpr const char* hexadecimal = "0-9a-fA-F";

class Translation {
 public:
  Translation(const std::string& text, const std::string& where) : text_(text), where_(where) {}

  std::string all() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\') {
        escape();
      } else if (c == '[') {
        out_ += one_of();
      } else if (c == '^' || c == '$') {
        out_ += c == '^' ? "(?m:^)" : "(?m:$)";
        ++at_;
      } else if (c == '{') {
        interval();
      } else if (text_.compare(at_, 2, "(?") == 0) {
        group();
      } else {
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void refuse(std::string_view construct) const {
    throw Error("{}: '{}' at byte {} is not implemented: PCRE2 has no equal of it", where_, construct, at_);
  }
  // The escape at at_, whole: "\p{L}", "\x{85}", "\s".
  std::string take_escape() {
    if (at_ + 1 >= text_.size()) refuse("\\");
    const char kind = text_[at_ + 1];
    std::size_t end = at_ + 2;
    const bool braced = end < text_.size() && text_[end] == '{';
    if ((kind == 'p' || kind == 'P' || kind == 'x' || kind == 'k' || kind == 'g') && braced) {
      end = text_.find('}', end);
      if (end == std::string::npos) refuse(text_.substr(at_));
      ++end;
    } else if (kind == 'x') {
      while (end < text_.size() && end < at_ + 4 && std::isxdigit(static_cast<unsigned char>(text_[end])))
        ++end;
    } else if (kind == 'u') {
      end = std::min(at_ + 6, text_.size());
    }
    const std::string whole = text_.substr(at_, end - at_);
    if (kind == 'y' || kind == 'Y' || kind == 'O' || kind == 'N' || kind == 'C' || kind == 'c' || kind == 'M')
      refuse(whole);
    at_ = end;
    return kind == 'u' ? "\\x{" + whole.substr(2) + "}" : whole;
  }
  void escape() {
    const std::string e = take_escape();
    const auto in_class = [&](const char* set, bool negated) {
      out_ += std::string(negated ? "[^" : "[") + set + "]";
    };
    const std::string w = std::string("[") + word + "]";
    if (e == "\\s" || e == "\\S")
      in_class(space, e == "\\S");
    else if (e == "\\w" || e == "\\W")
      in_class(word, e == "\\W");
    else if (e == "\\h" || e == "\\H")
      in_class(hexadecimal, e == "\\H");
    else if (e == "\\b")
      out_ += "(?:(?<=" + w + ")(?!" + w + ")|(?<!" + w + ")(?=" + w + "))";
    else if (e == "\\B")
      out_ += "(?:(?<=" + w + ")(?=" + w + ")|(?<!" + w + ")(?!" + w + "))";
    else
      out_ += e;
  }
  // An interval's "{,n}" is "{0,n}", and what looks possessive behind it repeats it.
  void interval() {
    const std::size_t end = text_.find('}', at_);
    const std::string inside = end == std::string::npos ? "" : text_.substr(at_ + 1, end - at_ - 1);
    const bool counts = !inside.empty() && inside.find_first_not_of("0123456789,") == std::string::npos;
    if (!counts) {
      out_ += text_[at_++];
      return;
    }
    if (end + 1 < text_.size() && text_[end + 1] == '+') refuse(text_.substr(at_, end + 2 - at_));
    out_ += (inside[0] == ',' ? "{0" : "{") + inside + "}";
    at_ = end + 1;
  }
  // Oniguruma's m is PCRE2's s; its other options are the same letters.
  void group() {
    std::size_t end = at_ + 2;
    while (end < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[end])) || text_[end] == '-'))
      ++end;
    const std::string options = text_.substr(at_ + 2, end - at_ - 2);
    const bool of_options =
        !options.empty() && end < text_.size() && (text_[end] == ':' || text_[end] == ')');
    if (text_.compare(at_, 3, "(?~") == 0) refuse("(?~");
    if (!of_options) {
      out_ += text_.substr(at_, 2);
      at_ += 2;
      // "(?<=" and "(?<!" and names come as they are.
      return;
    }
    out_ += "(?";
    for (const char o : options) {
      if (o != 'i' && o != 'm' && o != 'x' && o != '-') refuse(text_.substr(at_, end + 1 - at_));
      out_ += o == 'm' ? 's' : o;
    }
    at_ = end;
  }

  // A class at at_, as an expression that matches one character of it.
  std::string one_of() {
    const std::size_t begin = at_++;
    const bool negated = at_ < text_.size() && text_[at_] == '^';
    if (negated) ++at_;
    std::vector<std::string> met;  // what && stands between, each a matching expression
    std::string flat;              // of the part under way: what PCRE2 reads as it is
    std::vector<std::string> nested;
    bool first = true;
    const auto part = [&]() -> std::string {
      std::vector<std::string> all = std::move(nested);
      nested.clear();
      if (!flat.empty()) all.insert(all.begin(), "[" + std::exchange(flat, "") + "]");
      if (all.empty()) throw Error("{}: an empty class at byte {}", where_, begin);
      if (all.size() == 1) return all[0];
      std::string any = "(?:";
      for (std::size_t i = 0; i < all.size(); ++i) any += (i ? "|" : "") + all[i];
      return any + ")";
    };
    while (true) {
      if (at_ >= text_.size()) throw Error("{}: the class at byte {} has no end", where_, begin);
      if (text_[at_] == ']' && !first) break;
      first = false;
      if (text_.compare(at_, 2, "&&") == 0) {
        at_ += 2;
        met.push_back(part());
      } else if (text_.compare(at_, 2, "[:") == 0) {
        const std::size_t end = text_.find(":]", at_);
        if (end == std::string::npos) throw Error("{}: the class at byte {} has no end", where_, at_);
        flat += text_.substr(at_, end + 2 - at_);
        at_ = end + 2;
      } else if (text_[at_] == '[') {
        nested.push_back(one_of());
      } else if (text_[at_] == '\\') {
        flat += in_class(take_escape(), nested);
      } else {
        flat += text_[at_++];
      }
    }
    ++at_;
    if (met.empty() && nested.empty()) return (negated ? "[^" : "[") + flat + "]";
    met.push_back(part());
    std::string both;
    for (std::size_t i = 0; i + 1 < met.size(); ++i) both += "(?=" + met[i] + ")";
    both += met.back();
    return negated ? "(?:(?!" + both + ")(?s:.))" : "(?:" + both + ")";
  }
  static std::string in_class(const std::string& e, std::vector<std::string>& nested) {
    const auto outside = [&](const char* set) {
      nested.push_back(std::string("[^") + set + "]");
      return std::string();
    };
    if (e == "\\s") return space;
    if (e == "\\w") return word;
    if (e == "\\h") return hexadecimal;
    if (e == "\\S") return outside(space);
    if (e == "\\W") return outside(word);
    if (e == "\\H") return outside(hexadecimal);
    return e;
  }

  const std::string& text_;
  const std::string& where_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string pcre2_syntax(const std::string& oniguruma, const std::string& where) {
  return Translation(oniguruma, where).all();
}

}  // namespace splitwan::engine
