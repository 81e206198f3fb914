// Byte-pair encoding of one word: the "model" of a Hugging Face tokenizer.json, or GPT-2's two files.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/flat_index.hh"
#include "engine/base/json.hh"
#include "engine/base/types.hh"
#include "engine/text/bpe_merges.hh"
#include "engine/text/tokenizer_file.hh"
#include "engine/text/word_model.hh"

namespace splitwan::engine {

// GPT-2's alphabet of 256 printable characters <-> bytes (openai/gpt-2 src/encoder.py, bytes_to_unicode).
// Empty when `text` has a character outside the alphabet.
std::optional<std::string> bytes_of_alphabet(std::string_view text);

// The alphabet's text for these bytes.
std::string alphabet_of_bytes(std::string_view bytes);

class BpeModel : public WordModel {
 public:
  // `byte_level`: words come as bytes, though the file spells tokens in the alphabet; texts are bytes then.
  // Throws Error naming the file and key for what is missing, malformed or not implemented.
  static BpeModel from_tokenizer_json(const TokenizerFile&, const Json& model, const std::string& where,
                                      bool byte_level);
  static BpeModel from_gpt2_files(const std::string& vocab_json, const std::string& merges_txt);

  void encode(std::string_view word, std::vector<Token>& out) const override;
  const std::string* text_of(Token id) const override;
  Token id_of(std::string_view text) const override;
  int size() const override { return static_cast<int>(texts_.size()); }
  // Tokens that no text encodes to: neither a start symbol nor the result of a merge. What files without a
  // list of added tokens hold for control.
  std::vector<Token> underivable() const;

 private:
  struct PairMerge {
    std::uint64_t pair = 0;  // left id << 32 | right id
    Merge merge;
  };
  void add_token(const std::string& text, Token id, const std::string& where);
  void add_merge(std::string_view left, std::string_view right, const std::string& where);
  void add_merge(Token left, Token right, Token merged);
  std::string stored(const std::string& text) const;
  void find_bytes(const std::string& where);
  bool all_have_tokens(std::string_view bytes) const;
  std::vector<Symbol> start_symbols(std::string_view word) const;

  bool byte_level_ = false, byte_fallback_ = false, fuse_unknown_ = false, whole_words_ = false;
  Token unknown_ = -1;
  std::vector<std::string> texts_;
  std::vector<bool> used_;
  FlatIndex by_text_;                // into texts_
  std::vector<PairMerge> merges_;    // the most frequent first
  FlatIndex by_pair_;                // into merges_
  std::array<Token, 256> byte_ids_;  // start symbols: of bytes, or byte fallback's
};

}  // namespace splitwan::engine
