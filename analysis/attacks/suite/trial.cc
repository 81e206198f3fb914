#include "analysis/attacks/suite/trial.hh"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds), begin_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point begin_;
};

// The documents that a search is given: drawn by the seed.
std::vector<std::size_t> some_documents(const Common& common, std::size_t all, std::size_t wanted) {
  std::vector<std::size_t> order(all);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = 0; i + 1 < all; ++i)
    std::swap(
        order[i],
        order[i + engine::philox(common.seed, {static_cast<std::uint32_t>(i), 0, 17, 0})[0] % (all - i)]);
  order.resize(std::min(all, wanted));
  std::ranges::sort(order);
  return order;
}

}  // namespace

void learn(Trial& trial, const Pairs& pairs, const Stop& stop) {
  const Stopwatch watch(trial.seconds);
  trial.attack->learn(pairs, stop);
}

void finish(Trial& trial, const Common& common, const Stop& stop) {
  const Cell& cell = trial.cell;
  const View& view = *cell.view;
  const bool searches = trial.attacker.searches;
  std::vector<Truth> truth;
  std::vector<Recovered> found;
  {
    const Stopwatch watch(trial.seconds);
    if (!trial.attack) trial.attack = trial.attacker.make(cell, common);
    const std::size_t wanted = searches ? common.options.search_documents : view.documents.size();
    for (const std::size_t d : some_documents(common, view.documents.size(), wanted)) {
      if (stop()) throw Stopped{};
      const Document document =
          searches ? first_rows(view.documents[d], common.options.search_tokens) : view.documents[d];
      truth.push_back(truth_of(document, cell.target, common.kinds));
      found.push_back(trial.attack->recover(document, d, stop));
    }
  }
  Json row = {
      {"cut", name_of(cell.cut)},  {"target", name_of(cell.target)},      {"depth", view.depth},
      {"attacker", cell.attacker}, {"kind", trial.attacker.kind()},       {"defence", view.defence.name},
      {"seed", common.seed},       {"weights_known", view.weights_known}, {"pairs", trial.attack->pairs()}};
  add_figures(row, measure(truth, found, common.seed));
  row["forward_passes"] = trial.attack->passes();
  row["seconds"] = trial.seconds;
  trial.row = std::move(row);
  trial.attack.reset();
}

}  // namespace splitwan::attacks
