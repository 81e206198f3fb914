#include "analysis/attacks/suite/cell.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <numeric>

#include "analysis/attacks/attackers/attackers.hh"
#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

bool one_of(const std::string& name, std::initializer_list<std::string_view> names) {
  return std::ranges::count(names, name) > 0;
}

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

std::uint64_t stream_of(const Cell& cell) {
  std::uint64_t hash = 14695981039346656037ull;  // FNV-1a
  for (const char c : cell.label()) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

}  // namespace

std::string Cell::label() const {
  return fmt::format("{} {} {} depth {}{}{}", attacker, name_of(cut), name_of(target), view->depth,
                     view->defended() ? ", " + view->defence.name : "",
                     view->weights_known ? "" : " (public weights)");
}

bool Cell::searches() const { return attacker.starts_with("vocabulary_matching") || attacker == "sipit"; }
bool Cell::learns() const {
  return one_of(attacker, {"mlp", "mlp_published", "sequence", "shuffled_labels"});
}

bool applies(const std::string& attacker, const View& view, Cut cut, Target target) {
  if (cut == Cut::input && target == Target::next) return false;
  if (one_of(attacker, {"uniform", "unigram", "shuffled_labels"})) return !view.defended();
  if (attacker == "language_model") return !view.defended() && target == Target::current;
  if (one_of(attacker, {"vocabulary_matching_s", "vocabulary_matching_d", "vocabulary_matching_sd"}))
    return !view.defended() && target == Target::current;
  if (one_of(attacker, {"nearest_neighbour", "vocabulary_matching", "sipit"}))
    return target == Target::current;
  if (attacker == "finish_the_model") return cut == Cut::output && target == Target::next;
  return true;
}

void make_learner(Cell& cell, const Common& common) {
  const Options& o = common.options;
  const auto& config = cell.view->victim->config();
  const std::int64_t available = cell.view->defended() ? std::min(o.pairs, o.defence_pairs) : o.pairs;
  Training training{.pairs = available};
  const auto generator = generator_of(common.seed, stream_of(cell));
  Network network;
  if (cell.attacker == "mlp_published") {
    training = {.pairs = std::min(o.published_pairs, available), .epochs = 60, .batch = 64};
    network = published_mlp(config.width, config.vocabulary, generator);
  } else if (cell.attacker == "sequence") {
    training.pairs = std::min(o.sequence_pairs, available);
    training.batch = 512;
    training.windows = true;
    network = sequence_network(config.width, config.vocabulary, generator);
  } else {
    if (cell.attacker == "shuffled_labels") training.pairs = std::min(o.shuffled_pairs, available);
    network = row_mlp(config.width, config.vocabulary, generator);
  }
  cell.pairs = training.pairs;
  cell.learner = std::make_unique<Learner>(std::move(network), training, common.seed ^ stream_of(cell));
}

void learn(Cell& cell, const Pairs& pairs, const Common& common, const Stop& stop) {
  const Stopwatch watch(cell.seconds);
  std::int64_t count = std::min(cell.pairs - cell.learner->pairs_seen(), pairs.current.size(0));
  if (count <= 0) return;
  at::Tensor rows = pairs.rows(cell.cut), labels = pairs.labels(cell.target);
  if (cell.attacker == "mlp_published") {  // from all over the text
    const auto which = at::randperm(labels.size(0), generator_of(common.seed, stream_of(cell) + 1), at::kLong)
                           .narrow(0, 0, count);
    rows = rows.index_select(0, which), labels = labels.index_select(0, which);
  } else {
    count -= count % window;
    rows = rows.narrow(0, 0, count), labels = labels.narrow(0, 0, count);
  }
  if (cell.attacker == "shuffled_labels")
    labels = labels.index_select(
        0, at::randperm(count, generator_of(common.seed, stream_of(cell) + 2), at::kLong));
  cell.learner->learn(rows, labels, stop);
}

void finish(Cell& cell, const Common& common, const Stop& stop) {
  const View& view = *cell.view;
  std::vector<Truth> truth;
  std::vector<Recovered> recovered;
  {
    const Stopwatch watch(cell.seconds);
    const auto attack = make_attack(cell, common, stop);
    const std::size_t wanted = cell.searches() ? common.options.search_documents : view.documents.size();
    for (const std::size_t d : some_documents(common, view.documents.size(), wanted)) {
      if (stop()) throw Stopped{};
      const Document document =
          cell.searches() ? first_rows(view.documents[d], common.options.search_tokens) : view.documents[d];
      truth.push_back(truth_of(document, cell.target, common.kinds));
      recovered.push_back(attack(document, d));
    }
  }
  Json row = {{"cut", name_of(cell.cut)},
              {"target", name_of(cell.target)},
              {"depth", view.depth},
              {"attacker", cell.attacker},
              {"defence", view.defence.name},
              {"seed", common.seed},
              {"weights_known", view.weights_known},
              {"pairs", cell.pairs}};
  add_figures(row, measure(truth, recovered, common.seed));
  row["forward_passes"] = cell.passes;
  row["seconds"] = cell.seconds;
  cell.row = std::move(row);
  cell.learner.reset();
}

double weight_of(const Cell& cell, const Common& common) {
  const Options& o = common.options;
  const auto& config = cell.view->victim->config();
  const double rows = cell.cut == Cut::input ? cell.view->depth : config.layers - cell.view->depth;
  if (cell.searches())
    return o.search_documents * o.search_tokens * (cell.attacker == "sipit" ? 0.04 : 0.006) * (1 + rows);
  const double pairs =
      static_cast<double>(cell.view->defended() ? std::min(o.pairs, o.defence_pairs) : o.pairs);
  if (cell.attacker == "mlp") return pairs / 15e3;
  if (cell.attacker == "sequence") return std::min(pairs, static_cast<double>(o.sequence_pairs)) / 8e3;
  if (cell.attacker == "shuffled_labels") return static_cast<double>(o.shuffled_pairs) / 15e3;
  return cell.attacker == "mlp_published" ? 2 : 0.2;
}

}  // namespace splitwan::attacks
