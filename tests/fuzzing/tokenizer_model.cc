// SentencePiece's tokenizer.model.
#include "engine/text/sentencepiece_model.hh"
#include "tests/fuzzing/tokenizer_use.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] {
    const std::string path = file_with(input);
    const engine::SentencePieceModel model = engine::read_sentencepiece_model(path);
    use(*engine::make_sentencepiece_tokenizer(path));
    const auto again = engine::read_sentencepiece_model(file_with(engine::serialize(model)));
    must(again.pieces.size() == model.pieces.size() && again.byte_fallback == model.byte_fallback,
         "a model is read as it was written");
  });
}

const Stands stands("tokenizer_model", feed);

}  // namespace
}  // namespace splitwan::fuzz
