#include "analysis/attacks/attackers/nearest_neighbour.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/attackers/search.hh"

namespace splitwan::attacks {
namespace {

class NearestNeighbour : public Attack {
 public:
  explicit NearestNeighbour(const Cell& cell)
      : cut_(cell.cut), target_(cell.target), vocabulary_(cell.view->attacker->config().vocabulary) {
    const View& view = *cell.view;
    std::vector<Token> all(static_cast<std::size_t>(vocabulary_));
    std::iota(all.begin(), all.end(), 0);
    std::vector<at::Tensor> tables;
    const Token first = std::max<Token>(view.attacker->config().bos, 0);
    for (const int depth : view.depths) {
      Prefix prefix(*view.attacker, cut_, depth, view.defence.wire);
      prefix.try_tokens(std::span(&first, 1));
      prefix.accept(first);
      for (std::size_t at = 0; at < all.size(); at += 256)
        tables.push_back(
            prefix.try_tokens(std::span(all).subspan(at, std::min<std::size_t>(256, all.size() - at)))
                .clone());
      passes_ += prefix.rows();
    }
    table_ = at::cat(tables);
  }
  Recovered recover(const Document& d, std::size_t, const Stop&) override {
    return {look_up(asked(d.rows(cut_), d, target_)), look_up(d.rejected_rows(cut_))};
  }

 private:
  Guesses look_up(const at::Tensor& rows) const {
    if (rows.size(0) == 0) return {};
    Guesses guesses = best_five(-at::cdist(rows, table_, 2, /*compute_mode=*/2));  // 2: never by products
    for (auto& row : guesses)
      for (Token& t : row) t %= vocabulary_;
    return guesses;
  }

  Cut cut_;
  Target target_;
  int vocabulary_;
  at::Tensor table_;  // [depths x vocabulary, width]
};

}  // namespace

std::unique_ptr<Attack> make_nearest_neighbour(const Cell& cell, const Common&) {
  return std::make_unique<NearestNeighbour>(cell);
}

// 0.10 s at the embeddings, 0.22 s behind twelve layers: most of it for the table.
double nearest_neighbour_cost(const Cell& cell, const Common&) { return 0.1 + 0.01 * layers_before(cell); }

}  // namespace splitwan::attacks
