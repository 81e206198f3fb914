#include "engine/text/added_tokens.hh"

#include <utf8proc.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::engine {
namespace {

using Index = std::map<char, std::vector<AddedTokens::Spelled>>;

utf8proc_int32_t code_at(std::string_view text, std::size_t at) {
  utf8proc_int32_t code = -1;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                   static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  return code;
}

std::size_t previous(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[--at]) & 0xC0) == 0x80) {
  }
  return at;
}

// \w and \s of Unicode's regular expressions (UTS 18, annex C).
bool is_word(utf8proc_int32_t code) {
  const auto category = utf8proc_category(code);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL &&
                 category != UTF8PROC_CATEGORY_NO
             ? true
             : category == UTF8PROC_CATEGORY_PC;
}
bool is_space(utf8proc_int32_t code) {
  const auto category = utf8proc_category(code);
  return (code >= 9 && code <= 13) || code == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
         category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return (begin == 0 || !is_word(code_at(text, previous(text, begin)))) &&
         (end == text.size() || !is_word(code_at(text, end)));
}

const AddedTokens::Spelled* token_at(std::string_view text, std::size_t at, const Index& index) {
  const auto candidates = index.find(text[at]);
  if (candidates == index.end()) return nullptr;
  for (const AddedTokens::Spelled& spelled : candidates->second) {
    if (!text.substr(at).starts_with(spelled.text)) continue;
    return spelled.token->single_word && !stands_alone(text, at, at + spelled.text.size()) ? nullptr
                                                                                           : &spelled;
  }
  return nullptr;
}

void cut_at(const Segment& segment, const Index& index, std::vector<Segment>& out) {
  const std::string_view text = segment.text;
  std::size_t begin = 0;  // of the text that is not yet given out
  const auto give = [&](std::size_t end) {
    if (end > begin)
      out.push_back({std::string(text.substr(begin, end - begin)), -1, segment.first && begin == 0});
  };
  for (std::size_t at = 0; at < text.size();) {
    const AddedTokens::Spelled* found = index.empty() ? nullptr : token_at(text, at, index);
    if (!found) {
      ++at;
      continue;
    }
    const AddedToken* token = found->token;
    std::size_t from = at, to = at + found->text.size();
    while (token->lstrip && from > begin && is_space(code_at(text, previous(text, from))))
      from = previous(text, from);
    while (token->rstrip && to < text.size() && is_space(code_at(text, to))) {
      for (++to; to < text.size() && (static_cast<unsigned char>(text[to]) & 0xC0) == 0x80;) ++to;
    }
    give(from);
    out.push_back({"", token->id, segment.first && from == 0});
    begin = at = to;
  }
  give(text.size());
}

}  // namespace

AddedToken read_added_token(const Json& json, const std::string& where) {
  ObjectReader reader(json, where);
  AddedToken token;
  token.id = reader.need<Token>("id");
  token.content = reader.need<std::string>("content");
  token.special = reader.get("special", false);
  token.normalized = reader.get("normalized", !token.special);
  token.single_word = reader.get("single_word", false);
  token.lstrip = reader.get("lstrip", false);
  token.rstrip = reader.get("rstrip", false);
  reader.find("__type");  // of files that were pickled once
  reader.done();
  if (token.id < 0 || token.id >= most_tokens)
    throw Error("{}: expected an id of 0 to {}, found {}", reader.path("id"), most_tokens - 1, token.id);
  return token;
}

std::vector<AddedToken> read_added_tokens(const Json& list, const std::string& where) {
  if (!list.is_array()) throw Error("{}: expected a list, found {}", where, list.type_name());
  std::vector<AddedToken> tokens;
  for (std::size_t i = 0; i < list.size(); ++i)
    tokens.push_back(read_added_token(list[i], fmt::format("{}[{}]", where, i)));
  return tokens;
}

AddedTokens::AddedTokens(const std::vector<AddedToken>& tokens, const TextMap& normalizer) {
  for (const AddedToken& token : tokens) by_id_[token.id] = token;
  for (const auto& [id, token] : by_id_) {
    const std::string text = token.normalized ? normalizer(token.content) : token.content;
    if (!text.empty()) (token.normalized ? normalized_ : raw_)[text[0]].push_back({text, &token});
  }
  for (Index* index : {&raw_, &normalized_})
    for (auto& [first, list] : *index)
      std::ranges::stable_sort(list, std::greater{}, [](const Spelled& s) { return s.text.size(); });
}

Token AddedTokens::id_of(std::string_view content) const {
  const auto found =
      std::ranges::find_if(by_id_, [&](const auto& entry) { return entry.second.content == content; });
  return found == by_id_.end() ? -1 : found->first;
}

const AddedToken* AddedTokens::find(Token id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

std::vector<Segment> AddedTokens::cut(std::string_view text, const TextMap& normalizer) const {
  std::vector<Segment> raw, result;
  cut_at({std::string(text), -1, true}, raw_, raw);
  for (Segment& segment : raw) {
    if (segment.id >= 0) {
      result.push_back(std::move(segment));
      continue;
    }
    segment.text = normalizer(std::move(segment.text));
    cut_at(segment, normalized_, result);
  }
  return result;
}

}  // namespace splitwan::engine
