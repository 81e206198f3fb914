#include "analysis/attacks/suite/trained.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

constexpr std::size_t calibration_texts = 6, texts_per_job = 64;

int layer_of(const Pieces& pieces, int depth, Cut cut) {
  return cut == Cut::input ? depth : pieces.config().layers - depth;
}

}  // namespace

Trained::Trained(const Options& o, const Pieces& pieces, const engine::Tokenizer& tokenizer,
                 std::uint64_t seed, Workers& workers)
    : o_(o), pieces_(pieces), seed_(seed), workers_(workers) {
  std::set<int> layers;
  for (const int depth : o.depths)
    for (const Cut cut : o.cuts) layers.insert(layer_of(pieces, depth, cut));
  layers_.assign(layers.begin(), layers.end());
  documents_ = static_cast<std::size_t>(o.pairs / o.text_tokens);
  if (o.training_files.empty()) {
    calibration_ = sample_texts(pieces, documents_, calibration_texts, std::min(o.text_tokens, 48), seed);
    return;
  }
  from_files_ = texts_of_files(o.training_files, tokenizer, pieces.config(), o.text_tokens);
  for (std::size_t i = 0; i + 1 < from_files_.size(); ++i) {  // in an order of the seed's
    const auto drawn = engine::philox(seed, {static_cast<std::uint32_t>(i), 0, 19, 0})[0];
    std::swap(from_files_[i], from_files_[i + drawn % (from_files_.size() - i)]);
  }
  if (from_files_.size() < 2 * calibration_texts)
    throw engine::Error("{}: training: expected at least {} texts of {} tokens, found {}",
                        o.training_files.front(), 2 * calibration_texts, o.text_tokens, from_files_.size());
  calibration_.assign(from_files_.end() - calibration_texts, from_files_.end());
  from_files_.resize(std::min(documents_, from_files_.size() - calibration_texts));
  documents_ = from_files_.size();
}

std::size_t Trained::texts_per_chunk() const {
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::min(o_.chunk, o_.pairs) / o_.text_tokens));
}
std::size_t Trained::chunks() const { return (documents_ + texts_per_chunk() - 1) / texts_per_chunk(); }

void Trained::load(std::size_t chunk) {
  const std::size_t first = chunk * texts_per_chunk(),
                    count = std::min(texts_per_chunk(), documents_ - first);
  texts_.assign(count, {});
  states_.clear();
  const std::int64_t rows = o_.text_tokens, width = pieces_.config().width;
  for (const int layer : layers_)
    states_[layer] = at::empty({static_cast<std::int64_t>(count) * rows, width}, at::kFloat);
  std::vector<Job> jobs;
  for (std::size_t at = 0; at < count; at += texts_per_job) {
    jobs.push_back({"training text", 0, [&, this, at] {
                      const auto mine = std::span(texts_).subspan(at, std::min(texts_per_job, count - at));
                      if (from_files_.empty()) {
                        std::ranges::move(
                            sample_texts(pieces_, first + at, mine.size(), o_.text_tokens, seed_),
                            mine.begin());
                      } else {
                        for (std::size_t i = 0; i < mine.size(); ++i)
                          add_greedy(pieces_, mine[i] = from_files_[first + at + i]);
                      }
                      const auto found = states(pieces_, mine, layers_);
                      for (std::size_t i = 0; i < layers_.size(); ++i)
                        states_.at(layers_[i])
                            .narrow(0, static_cast<std::int64_t>(at) * rows, found[i].size(0))
                            .copy_(found[i]);
                    }});
  }
  workers_.run(std::move(jobs));
  add_labels(labels_, texts_);
}

std::vector<double> Trained::frequencies() const {
  return attacks::frequencies(texts_, pieces_.config().vocabulary);
}

Pairs Trained::pairs(int depth, Cut cut) const {
  Pairs pairs = labels_;
  (cut == Cut::input ? pairs.input : pairs.output) = states_.at(layer_of(pieces_, depth, cut));
  return pairs;
}

}  // namespace splitwan::attacks
