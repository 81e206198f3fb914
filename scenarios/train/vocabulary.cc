#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <unordered_map>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/text/sentencepiece_model.hh"
#include "engine/text/utf8.hh"
#include "scenarios/train/data.hh"

namespace splitwan::scenarios {
namespace {

using engine::SentencePiece;
using Pair = std::pair<int, int>;                   // of symbols
constexpr std::string_view space = "\xE2\x96\x81";  // U+2581, a space inside pieces

struct Word {
  std::vector<int> symbols;
  std::int64_t count = 0;
};

// Letters, digits and the rest do not share a piece: numbers and punctuation stay readable to the model.
int kind_of(std::string_view character) {
  const auto c = static_cast<unsigned char>(character[0]);
  return c >= 0x80 || std::isalpha(c) ? 0 : std::isdigit(c) ? 1 : 2;
}

class PairMerger {
 public:
  void add_text(const DataSource&, std::size_t most_bytes);
  // Characters that make up 99.95 % of the text, the most frequent first; the others are left to byte
  // fallback.
  std::vector<std::string> characters() const;
  std::vector<std::string> merge(int pieces, const std::vector<std::string>& characters);

 private:
  void count_pairs(int word, int sign);
  std::map<std::string, std::int64_t> words_;
  std::vector<Word> split_;
  std::map<Pair, std::int64_t> counts_;
  std::map<Pair, std::set<int>> where_;  // words that have the pair
};

void PairMerger::add_text(const DataSource& source, std::size_t most_bytes) {
  std::string text = read_source_text(source);
  text.resize(std::min(text.size(), most_bytes));
  std::string word;
  int kind = -1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size =
        std::max<std::size_t>(engine::first_character(std::string_view(text).substr(at)), 1);
    const std::string character = text.substr(at, size);
    at += size;
    if (character == " " || character == "\n" || kind_of(character) != kind) {
      if (!word.empty() && (word != space || character == " " || character == "\n")) {
        ++words_[word];
        word.clear();
      }
      kind = -1;
    }
    if (character == "\n") continue;
    if (character == " ") {
      word = space;
    } else {
      word += character;
      kind = kind_of(character);
    }
  }
}

std::vector<std::string> PairMerger::characters() const {
  std::map<std::string, std::int64_t> counts;
  std::int64_t total = 0;
  for (const auto& [word, count] : words_) {
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t size =
          std::max<std::size_t>(engine::first_character(std::string_view(word).substr(at)), 1);
      counts[word.substr(at, size)] += count;
      total += count;
      at += size;
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> order;
  order.reserve(counts.size());
  for (const auto& [character, count] : counts) order.emplace_back(-count, character);
  std::sort(order.begin(), order.end());
  std::vector<std::string> most;
  std::int64_t covered = 0;
  for (const auto& [negative, character] : order) {
    if (static_cast<double>(covered) >= 0.9995 * static_cast<double>(total)) break;
    covered -= negative;
    if (engine::first_character(character)) most.push_back(character);
  }
  return most;
}

void PairMerger::count_pairs(int index, int sign) {
  const Word& word = split_[index];
  for (std::size_t i = 0; i + 1 < word.symbols.size(); ++i) {
    const Pair pair{word.symbols[i], word.symbols[i + 1]};
    if (pair.first < 0 || pair.second < 0) continue;
    counts_[pair] += sign * word.count;
    if (sign > 0) where_[pair].insert(index);
  }
}

std::vector<std::string> PairMerger::merge(int pieces, const std::vector<std::string>& characters) {
  std::vector<std::string> symbols = characters, merged;
  std::unordered_map<std::string, int> index;
  for (std::size_t i = 0; i < symbols.size(); ++i) index.emplace(symbols[i], static_cast<int>(i));
  for (const auto& [text, count] : words_) {
    Word word{{}, count};
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size =
          std::max<std::size_t>(engine::first_character(std::string_view(text).substr(at)), 1);
      const auto found = index.find(text.substr(at, size));
      word.symbols.push_back(found == index.end() ? -1 : found->second);
      at += size;
    }
    split_.push_back(std::move(word));
    count_pairs(static_cast<int>(split_.size()) - 1, 1);
  }
  while (static_cast<int>(merged.size()) < pieces) {
    const auto best = std::max_element(counts_.begin(), counts_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best == counts_.end() || best->second < 2) break;
    const Pair pair = best->first;
    const std::string text = symbols[pair.first] + symbols[pair.second];
    const auto [entry, fresh] = index.emplace(text, static_cast<int>(symbols.size()));
    if (fresh) {
      symbols.push_back(text);
      merged.push_back(text);
    }
    for (const int i : std::set<int>(where_[pair])) {
      count_pairs(i, -1);
      std::vector<int>& row = split_[i].symbols;
      std::size_t kept = 0;
      for (std::size_t j = 0; j < row.size(); ++j) {
        const bool joins = j + 1 < row.size() && Pair{row[j], row[j + 1]} == pair;
        row[kept++] = joins ? entry->second : row[j];
        j += joins;
      }
      row.resize(kept);
      count_pairs(i, 1);
    }
    counts_.erase(pair);
    where_.erase(pair);
  }
  return merged;
}

}  // namespace

void train_vocabulary(const Recipe& recipe, const std::string& path) {
  constexpr double bytes_of_heaviest = 4e6;  // the others in proportion to their weights
  double heaviest = 0;
  for (const DataSource& source : recipe.data) heaviest = std::max(heaviest, source.weight);
  PairMerger merger;
  for (const DataSource& source : recipe.data) {
    merger.add_text(source, static_cast<std::size_t>(bytes_of_heaviest * source.weight / heaviest));
  }
  engine::SentencePieceModel model;
  model.byte_fallback = true;
  model.trim_spaces = false;
  model.pieces = {{"<unk>", 0, SentencePiece::Type::unknown},
                  {"<s>", 0, SentencePiece::Type::control},
                  {"</s>", 0, SentencePiece::Type::control}};
  model.pieces.push_back({"\n", 0, SentencePiece::Type::user_defined});
  for (std::string run{space}; run.size() < 8 * space.size();) {
    run += run;  // 2, 4, 8 spaces
    model.pieces.push_back({run, 0, SentencePiece::Type::user_defined});
  }
  for (int byte = 0; byte < 256; ++byte) {
    model.pieces.push_back({fmt::format("<0x{:02X}>", byte), 0, SentencePiece::Type::byte});
  }
  const auto characters = merger.characters();
  const int left = recipe.train_vocabulary - static_cast<int>(model.pieces.size() + characters.size());
  if (left < 0) {
    throw engine::Error(
        "tokenizer.train.vocabulary: expected at least {} for this data's characters, found {}",
        recipe.train_vocabulary - left, recipe.train_vocabulary);
  }
  float score = 0;  // merges go by falling score
  for (const auto& list : {merger.merge(left, characters), characters}) {
    for (const std::string& text : list) model.pieces.push_back({text, score--, SentencePiece::Type::normal});
  }
  engine::write_file(path, engine::serialize(model));
}

}  // namespace splitwan::scenarios
