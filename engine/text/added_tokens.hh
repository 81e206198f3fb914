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

// A piece of text, or a token found in it.
struct Segment {
  std::string text;
  Token id = -1;
  bool first = false;  // begins where the whole text begins
};

class AddedTokens {
 public:
  AddedTokens() = default;
  AddedTokens(const Json& list, const std::string& where);
  explicit AddedTokens(std::vector<AddedToken> tokens);

  const AddedToken* find(Token id) const;
  Token largest_id() const { return by_id_.empty() ? -1 : by_id_.rbegin()->first; }
  // Cuts valid UTF-8 at the added tokens and normalizes what lies between.
  std::vector<Segment> cut(std::string_view text, const TextMap& normalizer) const;

 private:
  void index(const AddedToken&);
  std::map<Token, AddedToken> by_id_;
  // By first byte, the longest content first.
  std::map<char, std::vector<AddedToken>> raw_, normalized_;
};

}  // namespace splitwan::engine
