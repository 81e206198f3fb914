#include "scenarios/train/data.hh"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

using engine::Error;
using engine::Token;

std::string read_source_text(const DataSource& source) {
  std::ifstream in(source.path, std::ios::binary);
  if (!in) throw Error("{}: cannot be opened", source.path);
  std::stringstream whole;
  if (!source.questions) {
    whole << in.rdbuf();
    return std::move(whole).str();
  }
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    try {
      const auto pair = engine::Json::parse(line);
      whole << "Question: " << pair.at("question").get<std::string>()
            << "\nAnswer: " << pair.at("answer").get<std::string>() << "\n\n";
    } catch (const engine::Json::exception&) {
      throw Error("{}:{}: expected an object with the strings 'question' and 'answer'", source.path, number);
    }
  }
  return std::move(whole).str();
}

DataMix::DataMix(const Recipe& recipe, const engine::Tokenizer& tokenizer, Token bos)
    : sources_(recipe.data), context_(recipe.context), batch_(recipe.batch), seed_(recipe.seed), bos_(bos) {
  for (const DataSource& source : sources_) {
    const std::vector<Token> ids = tokenizer.encode(read_source_text(source));
    const std::size_t held =
        std::max(ids.size() / 50, std::min<std::size_t>(4096 + context_, ids.size() / 5));
    if (held < static_cast<std::size_t>(context_) + 1) {
      throw Error("{}: {} tokens are too few for windows of {}", source.path, ids.size(), context_);
    }
    const auto cut = ids.end() - static_cast<std::ptrdiff_t>(held);
    training_.emplace_back(ids.begin(), cut);
    held_out_.emplace_back(cut, ids.end());
  }
}

void DataMix::append(Windows& windows, const std::vector<Token>& ids, std::size_t begin) const {
  const auto from = ids.begin() + static_cast<std::ptrdiff_t>(begin);
  if (bos_ >= 0) {
    windows.inputs.push_back(bos_);
    windows.inputs.insert(windows.inputs.end(), from, from + context_ - 1);
    windows.targets.insert(windows.targets.end(), from, from + context_);
  } else {
    windows.inputs.insert(windows.inputs.end(), from, from + context_);
    windows.targets.insert(windows.targets.end(), from + 1, from + context_ + 1);
  }
  ++windows.count;
}

Windows DataMix::sample(std::int64_t step, int count) const {
  std::seed_seq sequence{seed_, seed_ >> 32, static_cast<std::uint64_t>(step)};
  std::mt19937_64 generator(sequence);
  // Not std:: distributions: those differ between standard libraries.
  const auto uniform = [&] { return static_cast<double>(generator() >> 11) * 0x1p-53; };
  double total = 0;
  for (const DataSource& source : sources_) total += source.weight;
  Windows windows;
  while (windows.count < count) {
    std::size_t chosen = 0;
    for (double left = uniform() * total; chosen + 1 < sources_.size(); ++chosen) {
      left -= sources_[chosen].weight;
      if (left < 0) break;
    }
    const auto& ids = training_[chosen];
    const auto begins = static_cast<double>(ids.size() - static_cast<std::size_t>(context_));
    append(windows, ids, static_cast<std::size_t>(uniform() * begins));
  }
  return windows;
}

Windows DataMix::held_out(std::size_t source, int limit) const {
  const auto& ids = held_out_.at(source);
  const std::size_t whole = (ids.size() - 1) / static_cast<std::size_t>(context_);
  const std::size_t count = std::min<std::size_t>(whole, static_cast<std::size_t>(limit));
  Windows windows;
  for (std::size_t i = 0; i < count; ++i) {
    append(windows, ids, i * whole / count * static_cast<std::size_t>(context_));
  }
  return windows;
}

std::int64_t DataMix::training_tokens() const {
  std::int64_t sum = 0;
  for (const auto& ids : training_) sum += static_cast<std::int64_t>(ids.size());
  return sum;
}

}  // namespace splitwan::scenarios
