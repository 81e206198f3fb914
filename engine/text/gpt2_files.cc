// GPT-2's own format: vocab.json (text -> id) and merges.txt (a pair a line, the most frequent first).
#include <fstream>

#include "engine/base/json_file.hh"
#include "engine/text/bpe_model.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::engine {

BpeModel BpeModel::from_gpt2_files(const std::string& vocab_json, const std::string& merges_txt) {
  BpeModel model;
  model.byte_level_ = true;
  const Json vocabulary = read_json_file(vocab_json);
  if (!vocabulary.is_object()) throw Error("{}: expected an object of token to id", vocab_json);
  for (const auto& [text, id] : vocabulary.items()) {
    if (!id.is_number_unsigned() || id >= most_tokens)
      throw Error("{}: '{}': expected an id of 0 to {}, found {}", vocab_json, text, most_tokens - 1, id.dump());
    model.add_token(text, id.get<Token>(), vocab_json);
  }
  std::ifstream in(merges_txt);
  if (!in) throw Error("{}: cannot be opened", merges_txt);
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const std::string where = fmt::format("{}:{}", merges_txt, number);
    const std::size_t space = line.find(' ');
    if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos) {
      throw Error("{}: expected two tokens and one space, found '{}'", where, line);
    }
    model.add_merge(std::string_view(line).substr(0, space), std::string_view(line).substr(space + 1), where);
  }
  model.find_bytes(vocab_json);
  return model;
}

}  // namespace splitwan::engine
