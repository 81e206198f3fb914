// Text to token ids and back. Everything is read from the tokenizer's own files, nothing from a model's name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

constexpr Token most_tokens = 1 << 24;  // of a vocabulary: ids lie below

// The tokens that a whole text is put between before a model reads it.
struct TextFrame {
  std::vector<Token> before, after;
  bool operator==(const TextFrame&) const = default;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Without the frame. A control token that is spelled in the text is itself.
  virtual std::vector<Token> encode(std::string_view text) const = 0;
  // Control tokens give nothing, nor do ids beyond the vocabulary: models' own are padded for speed.
  virtual std::string decode(std::span<const Token> ids) const = 0;
  virtual int vocabulary() const = 0;
  virtual std::string_view control(Token) const { return {}; }   // how it is spelled; empty: it is none
  virtual std::optional<TextFrame> frame() const { return {}; }  // none: the files do not say
};

// SentencePiece tokenizer.model (any file name): ids as libsentencepiece gives them, which knows no control
// token in a text.
std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path);
// A Hugging Face tokenizer.json: BPE, of bytes or of characters, or Unigram.
std::unique_ptr<Tokenizer> make_json_tokenizer(const std::string& tokenizer_json);
// Byte-level BPE: GPT-2's vocab.json + merges.txt (that pair's own pre-tokenizer pattern).
std::unique_ptr<Tokenizer> make_bpe_tokenizer(const std::string& vocab_json, const std::string& merges_txt);

// Whichever of tokenizer.json, tokenizer.model, vocab.json + merges.txt the folder has, in that order, with
// what tokenizer_config.json and added_tokens.json say beside it. Throws Error naming the folder when it has
// none.
std::unique_ptr<Tokenizer> load_tokenizer(const std::string& folder);

}  // namespace splitwan::engine
