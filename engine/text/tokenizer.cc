#include "engine/text/tokenizer.hh"

#include <filesystem>

#include "engine/base/error.hh"

namespace splitwan::engine {

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& folder) {
  const auto in_folder = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  const auto has = [&](const char* name) { return std::filesystem::exists(in_folder(name)); };
  if (has("tokenizer.model")) return make_sentencepiece_tokenizer(in_folder("tokenizer.model"));
  if (has("tokenizer.json")) return make_bpe_tokenizer(in_folder("tokenizer.json"));
  if (has("vocab.json") && has("merges.txt")) {
    return make_bpe_tokenizer(in_folder("vocab.json"), in_folder("merges.txt"));
  }
  throw Error("{}: expected tokenizer.model, tokenizer.json, or vocab.json and merges.txt, found none",
              folder);
}

}  // namespace splitwan::engine
