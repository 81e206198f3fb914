// The "added_tokens" of a Hugging Face tokenizer.json: found in the text before anything else, longest first.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.hh"
#include "engine/text/normalizer.hh"

namespace splitwan::engine {

struct AddedToken {
  Token id = -1;
  std::string content;
  bool special = false;     // control: decodes to nothing
  bool normalized = false;  // found in the normalized text, not in the text as given
  bool single_word = false, lstrip = false, rstrip = false;
};

// An entry of "added_tokens", or all of them. Throws Error naming `where`.
AddedToken read_added_token(const Json&, const std::string& where);
std::vector<AddedToken> read_added_tokens(const Json& list, const std::string& where);

// A piece of text, or a token found in it.
struct Segment {
  std::string text;
  Token id = -1;
  bool first = false;  // begins where the whole text begins
};

class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(AddedTokens&&) = default;
  AddedTokens& operator=(AddedTokens&&) = default;
  // Of several with one id the last. Those that are looked for in normalized text are themselves normalized.
  AddedTokens(const std::vector<AddedToken>& tokens, const TextMap& normalizer);

  const AddedToken* find(Token id) const;
  Token id_of(std::string_view content) const;  // -1: none
  Token largest_id() const { return by_id_.empty() ? -1 : by_id_.rbegin()->first; }
  // Cuts valid UTF-8 at the added tokens and normalizes what lies between.
  std::vector<Segment> cut(std::string_view text, const TextMap& normalizer) const;

  struct Spelled {
    std::string text;
    const AddedToken* token;
  };

 private:
  std::map<Token, AddedToken> by_id_;
  // By first byte, the longest text first.
  std::map<char, std::vector<Spelled>> raw_, normalized_;
};

}  // namespace splitwan::engine
