#include <sentencepiece_processor.h>

#include "engine/error.hh"
#include "engine/tokenizer.hh"

namespace splitwan::engine {
namespace {

class SentencePieceTokenizer : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(const std::string& path) {
    const auto status = processor_.Load(path);
    if (!status.ok()) throw Error("{}: not a SentencePiece model: {}", path, status.ToString());
  }

  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> ids;
    const auto status = processor_.Encode({text.data(), text.size()}, &ids);
    if (!status.ok()) throw Error("text of {} bytes cannot be tokenized: {}", text.size(), status.ToString());
    return ids;
  }

  std::string decode(std::span<const Token> ids) const override {
    for (const Token id : ids) {
      if (id < 0 || id >= vocabulary()) {
        throw Error("token id {} is not in the vocabulary, which has 0 to {}", id, vocabulary() - 1);
      }
    }
    std::string text;
    const auto status = processor_.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
    if (!status.ok()) throw Error("{} token ids cannot be decoded: {}", ids.size(), status.ToString());
    return text;
  }

  int vocabulary() const override { return processor_.GetPieceSize(); }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const std::string& path) {
  return std::make_unique<SentencePieceTokenizer>(path);
}

}  // namespace splitwan::engine
