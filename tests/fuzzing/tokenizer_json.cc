// Byte-level BPE's tokenizer.json.
#include "tests/fuzzing/tokenizer_use.hh"

namespace splitwan::fuzz {
namespace {

void feed(std::string_view input) {
  taken([&] { use(*engine::make_json_tokenizer(file_with(input))); });
}

const Stands stands("tokenizer_json", feed);

}  // namespace
}  // namespace splitwan::fuzz
