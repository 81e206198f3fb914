// A hole's tokens looked for one at a time: rows behind a hole depend on each of its tokens for a part, so
// that among those nearest at one place, the others held, the right one is likely; then these few are tried
// together. A sweep costs the vocabulary times the hole's length, not the vocabulary to that power.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "analysis/attacks/cascade/hole_search.hh"

namespace splitwan::attacks {

using at::Tensor;

namespace {

constexpr std::size_t at_once = 256;   // sequences of a batch
constexpr double most_crossed = 4096;  // sequences that the nearest of all places make together
constexpr int most_open = 4;           // places: of more, too few of each could be tried together

// Every choice of one token at each place, the last place's running fastest.
std::vector<std::vector<Token>> crossed(const std::vector<std::vector<Token>>& places) {
  std::vector<std::vector<Token>> all{{}};
  for (const auto& choices : places) {
    std::vector<std::vector<Token>> longer;
    for (const auto& begun : all)
      for (const Token t : choices) {
        longer.push_back(begun);
        longer.back().push_back(t);
      }
    all = std::move(longer);
  }
  return all;
}

}  // namespace

// Hidden rows of whole sequences, each a branch of its own: [sequences, steps, width].
Tensor HoleSearch::rows_of_sequences(std::span<const std::vector<Token>> sequences) {
  std::vector<Token> ids;
  std::vector<std::int32_t> parent;
  for (const auto& tokens : sequences)
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      parent.push_back(i > 0 ? static_cast<std::int32_t>(ids.size()) - 1 : -1);
      ids.push_back(tokens[i]);
    }
  session_.begin(parent);
  const Tensor x = session_.through(pieces_.embed(ids), 0, layer_).clone();
  return x.view({static_cast<std::int64_t>(sequences.size()), -1, x.size(1)});
}

// Distances of all sequences; the nearest becomes `best` where it is nearer.
std::vector<double> HoleSearch::judged(std::span<const std::vector<Token>> sequences, const Judge& judge,
                                       Bridge& best, const Stop& stop) {
  std::vector<double> all;
  for (std::size_t at = 0; at < sequences.size(); at += at_once) {
    if (stop()) throw Stopped{};
    const auto some = sequences.subspan(at, std::min(at_once, sequences.size() - at));
    const Tensor distances = judge(rows_of_sequences(some)).to(at::kDouble).contiguous();
    best.passes += some.size() * some.front().size();
    all.insert(all.end(), distances.data_ptr<double>(), distances.data_ptr<double>() + distances.numel());
    const std::size_t nearest = static_cast<std::size_t>(
        std::min_element(all.begin() + static_cast<std::ptrdiff_t>(at), all.end()) - all.begin());
    if (all[nearest] < best.distance) best.distance = all[nearest], best.tokens = sequences[nearest];
  }
  return all;
}

Bridge HoleSearch::improve(Bridge from, std::span<const Step> steps, const Judge& judge, double tolerance,
                           int sweeps, const Stop& stop) {
  std::vector<Token> vocabulary(static_cast<std::size_t>(pieces_.config().vocabulary));
  std::iota(vocabulary.begin(), vocabulary.end(), 0);
  const auto open = std::ranges::count_if(steps, [](const Step& s) { return s.size() != 1; });
  if (open > most_open) return from;
  const auto kept = static_cast<std::size_t>(std::pow(most_crossed, 1.0 / static_cast<double>(open)));
  for (int sweep = 0; sweep < sweeps && from.distance > tolerance; ++sweep) {
    const std::vector<Token> held = from.tokens;
    std::vector<std::vector<Token>> nearest;
    for (std::size_t place = 0; place < steps.size(); ++place) {
      std::vector<Token> choices = steps[place].empty() ? vocabulary : steps[place];
      if (choices.size() > 1) {
        std::vector<std::vector<Token>> sequences(choices.size(), held);
        for (std::size_t i = 0; i < choices.size(); ++i) sequences[i][place] = choices[i];
        const auto distances = judged(sequences, judge, from, stop);
        std::vector<std::size_t> order(choices.size());
        std::iota(order.begin(), order.end(), 0);
        std::ranges::stable_sort(order, {}, [&](std::size_t i) { return distances[i]; });
        order.resize(std::min(order.size(), kept));
        choices.clear();
        for (const std::size_t i : order) choices.push_back(sequences[i][place]);
      }
      nearest.push_back(std::move(choices));
    }
    if (from.distance > tolerance) judged(crossed(nearest), judge, from, stop);
    if (from.tokens == held) break;
  }
  from.found = from.distance <= tolerance;
  return from;
}

}  // namespace splitwan::attacks
