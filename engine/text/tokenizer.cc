#include "engine/text/tokenizer.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/text/word_tokenizer.hh"

namespace splitwan::engine {

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& folder) {
  const auto in_folder = [&](const char* name) { return (std::filesystem::path(folder) / name).string(); };
  const auto has = [&](const char* name) { return std::filesystem::exists(in_folder(name)); };
  const TokenizerFolder beside(folder);
  if (has("tokenizer.json"))
    return make_word_tokenizer(read_json_stages(in_folder("tokenizer.json"), beside));
  if (has("tokenizer.model")) return make_sentencepiece_tokenizer(in_folder("tokenizer.model"), beside);
  if (has("vocab.json") && has("merges.txt"))
    return make_word_tokenizer(read_gpt2_stages(in_folder("vocab.json"), in_folder("merges.txt"), beside));
  throw Error("{}: expected tokenizer.json, tokenizer.model, or vocab.json and merges.txt, found none",
              folder);
}

}  // namespace splitwan::engine
