// Text to token ids and back. Everything is read from the tokenizer's own files, nothing from a model's name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

constexpr Token most_tokens = 1 << 24;  // of a vocabulary: ids lie below

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<Token> encode(std::string_view text) const = 0;  // no begin-of-text token
  virtual std::string decode(std::span<const Token> ids) const = 0;    // control tokens give nothing
  virtual int vocabulary() const = 0;
};

// SentencePiece tokenizer.model (any file name).
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path);
// Byte-level BPE: a Hugging Face tokenizer.json.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& tokenizer_json);
// Byte-level BPE: GPT-2's vocab.json + merges.txt (that pair's own pre-tokenizer pattern).
std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& vocab_json, const std::string& merges_txt);

// Whichever of tokenizer.model, tokenizer.json, vocab.json + merges.txt the folder has, in that order.
// Throws Error naming the folder when it has none.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& folder);

}  // namespace splitwan::engine
