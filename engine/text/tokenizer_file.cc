#include "engine/text/tokenizer_file.hh"

#include <nlohmann/json.hpp>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::engine {
namespace {

// Receives the file's values one by one.
class Reader {
 public:
  Reader(const std::string& path, TokenizerFile& file) : path_(path), file_(file) {}

  bool null() { return value(nullptr); }
  bool boolean(bool b) { return value(b); }
  bool number_integer(std::int64_t n) {
    if (within_ == Within::vocabulary) refuse_id(std::to_string(n));
    return number(n, static_cast<double>(n));
  }
  bool number_unsigned(std::uint64_t n) {
    if (within_ != Within::vocabulary) return number(n, static_cast<double>(n));
    if (n >= most_tokens) refuse_id(std::to_string(n));
    file_.vocabulary.emplace_back(std::move(key_), static_cast<Token>(n));
    return true;
  }
  bool number_float(double n, const std::string& spelled) {
    if (within_ == Within::vocabulary) refuse_id(spelled);
    return number(n, n);
  }
  bool string(std::string& text) {
    switch (within_) {
      case Within::elsewhere:
        return value(std::move(text));
      case Within::vocabulary:
        refuse_id('"' + text + '"');
      case Within::pieces:
        if (parts_ != 1) refuse_piece();
        ++parts_;
        file_.pieces.emplace_back(std::move(text), 0);
        return true;
      case Within::merges:
        return merge(text);
    }
    return false;
  }
  bool binary(std::vector<std::uint8_t>& /*never in text*/) { return false; }
  bool start_object(std::size_t /*unknown*/) {
    if (within_ == Within::elsewhere && is_at("vocab")) {
      within_ = Within::vocabulary;
      return true;
    }
    if (within_ != Within::elsewhere) refuse("an object");
    return open(Json::object());
  }
  bool start_array(std::size_t /*unknown*/) {
    if (within_ == Within::elsewhere && (is_at("vocab") || is_at("merges"))) {
      within_ = is_at("vocab") ? Within::pieces : Within::merges;
      parts_ = 0;
      return true;
    }
    if (within_ == Within::elsewhere) return open(Json::array());
    if (within_ == Within::vocabulary || parts_ != 0) refuse("a list");
    parts_ = 1;
    return true;
  }
  bool key(std::string& text) {
    key_ = std::move(text);
    return true;
  }
  bool end_object() {
    if (within_ == Within::vocabulary) {
      within_ = Within::elsewhere;
      return true;
    }
    if (stack_.back() == model_) model_ = nullptr;
    stack_.pop_back();
    return true;
  }
  bool end_array() {
    if (within_ == Within::elsewhere) {
      stack_.pop_back();
    } else if (parts_ > 0) {
      if (parts_ != 3) within_ == Within::pieces ? refuse_piece() : refuse_merge();
      parts_ = 0;
    } else {
      within_ = Within::elsewhere;
    }
    return true;
  }
  bool parse_error(std::size_t byte, const std::string& /*token*/, const nlohmann::detail::exception& e) {
    if (e.id / 100 == 4) throw Error("{}: holds a number out of range", path_);
    throw Error("{}: not valid JSON at byte {}", path_, byte);
  }

 private:
  static constexpr std::size_t deepest = 100;  // values are taken apart by recursion
  enum class Within { elsewhere, vocabulary, pieces, merges };

  // The value that comes next is "model"'s of that name.
  bool is_at(const char* name) const {
    return stack_.size() == 2 && stack_[1] == model_ && model_ != nullptr && key_ == name;
  }
  bool open(Json container) {
    if (stack_.size() == deepest) throw Error("{}: not valid here: JSON nested over {} deep", path_, deepest);
    Json* placed = place(std::move(container));
    if (stack_.size() == 1 && key_ == "model" && placed->is_object()) model_ = placed;
    stack_.push_back(placed);
    return true;
  }
  bool value(Json v) {
    if (within_ != Within::elsewhere) refuse(v.dump().substr(0, 80));
    place(std::move(v));
    return true;
  }
  bool number(Json v, double n) {
    if (within_ != Within::pieces) return value(std::move(v));
    if (parts_ != 2) refuse_piece();
    ++parts_;
    file_.pieces.back().second = n;
    return true;
  }
  // A value of a container stays where it is until another comes into the same one; only its last is open.
  Json* place(Json v) {
    if (stack_.empty()) return &(file_.rest = std::move(v));
    Json& into = *stack_.back();
    if (into.is_array()) {
      into.push_back(std::move(v));
      return &into.back();
    }
    return &(into[key_] = std::move(v));
  }
  bool merge(std::string& text) {
    if (parts_ == 1) {
      ++parts_;
      file_.merges.emplace_back(std::move(text), "");
    } else if (parts_ == 2) {
      ++parts_;
      file_.merges.back().second = std::move(text);
    } else {
      const std::size_t space = text.find(' ');
      if (parts_ != 0 || space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
        refuse_merge('"' + text + '"');
      file_.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
    }
    return true;
  }
  [[noreturn]] void refuse_id(const std::string& found) const {
    throw Error("{}: model.vocab: '{}': expected an id of 0 to {}, found {}", path_, key_, most_tokens - 1,
                found);
  }
  [[noreturn]] void refuse_piece() const {
    throw Error("{}: model.vocab[{}]: expected [\"text\", score]", path_,
                file_.pieces.size() - (parts_ > 1 ? 1 : 0));
  }
  [[noreturn]] void refuse_merge(const std::string& found = "another list") const {
    throw Error("{}: model.merges[{}]: expected \"a b\" or [\"a\", \"b\"], found {}", path_,
                file_.merges.size() - (parts_ > 1 ? 1 : 0), found);
  }
  [[noreturn]] void refuse(const std::string& found) const {
    if (within_ == Within::vocabulary) refuse_id(found);
    if (within_ == Within::pieces) refuse_piece();
    refuse_merge(found);
  }

  const std::string& path_;
  TokenizerFile& file_;
  std::string key_;
  std::vector<Json*> stack_;  // open containers
  const Json* model_ = nullptr;
  Within within_ = Within::elsewhere;
  int parts_ = 0;  // of an entry that is a list: 1 once it is open, and one for each of its values
};

}  // namespace

TokenizerFile read_tokenizer_file(const std::string& path) {
  const std::string text = read_text_file(path);
  refuse_lfs_pointer(path, text);
  TokenizerFile file;
  Reader reader(path, file);
  Json::sax_parse(text, &reader);
  if (!file.rest.is_object()) throw Error("{}: expected an object, found {}", path, file.rest.type_name());
  return file;
}

}  // namespace splitwan::engine
