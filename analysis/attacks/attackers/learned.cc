#include "analysis/attacks/attackers/learned.hh"

#include <ATen/ATen.h>

#include <algorithm>

#include "analysis/attacks/attackers/learner.hh"

namespace splitwan::attacks {
namespace {

std::int64_t pairs_for(const Lesson& lesson, const Cell& cell, const Options& o) {
  return std::min({o.*lesson.pairs, o.pairs, cell.view->defended() ? o.defence_pairs : o.pairs});
}

class Learned : public Attack {
 public:
  Learned(const Lesson& lesson, const Cell& cell, const Common& common)
      : lesson_(lesson),
        cell_(cell),
        seed_(common.seed),
        pairs_(pairs_for(lesson, cell, common.options)),
        learner_(network(), {pairs_, lesson.epochs, lesson.batch, 3e-3, lesson.windows},
                 common.seed ^ cell.stream()) {}

  std::int64_t pairs() const override { return pairs_; }

  void learn(const Pairs& pairs, const Stop& stop) override {
    std::int64_t count = std::min(pairs_ - learner_.pairs_seen(), pairs.current.size(0));
    if (count <= 0) return;
    at::Tensor rows = pairs.rows(cell_.cut), labels = pairs.labels(cell_.target);
    if (lesson_.scattered) {
      const auto which = order(labels.size(0), 1).narrow(0, 0, count);
      rows = rows.index_select(0, which), labels = labels.index_select(0, which);
    } else {
      count -= count % window;
      rows = rows.narrow(0, 0, count), labels = labels.narrow(0, 0, count);
    }
    if (lesson_.shuffled) labels = labels.index_select(0, order(count, 2));
    learner_.learn(rows, labels, stop);
  }

  Recovered recover(const Document& d, std::size_t, const Stop&) override {
    Recovered r;
    // All rows at once: a sequence network looks at the neighbours too.
    const Guesses all = learner_.guess(d.rows(cell_.cut));
    r.tokens.assign(all.begin() + static_cast<std::ptrdiff_t>(first_row(d, cell_.target)), all.end());
    if (cell_.target == Target::current && !lesson_.windows)
      r.rejected = learner_.guess(d.rejected_rows(cell_.cut));
    return r;
  }

 private:
  Network network() const {
    const auto& config = cell_.view->victim->config();
    return lesson_.network(config.width, config.vocabulary, generator_of(seed_, cell_.stream()));
  }
  at::Tensor order(std::int64_t count, std::uint64_t stream) const {
    return at::randperm(count, generator_of(seed_, cell_.stream() + stream), at::kLong);
  }

  const Lesson& lesson_;
  Cell cell_;
  std::uint64_t seed_;
  std::int64_t pairs_;
  Learner learner_;
};

}  // namespace

std::unique_ptr<Attack> make_learned(const Lesson& lesson, const Cell& cell, const Common& common) {
  return std::make_unique<Learned>(lesson, cell, common);
}

double cost_of_learning(const Lesson& lesson, const Cell& cell, const Common& common) {
  return static_cast<double>(pairs_for(lesson, cell, common.options) * lesson.epochs) /
         lesson.pairs_per_second;
}

}  // namespace splitwan::attacks
