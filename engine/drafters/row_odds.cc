#include "engine/drafters/row_odds.hh"

#include <algorithm>

namespace splitwan::engine {
namespace {

constexpr double memory = 0.98;  // a tree counts half after 34 more: texts change
constexpr double doubt = 4;      // trees that what is thought of a row beforehand counts as

}  // namespace

bool RowOdds::judge(const TokenBatch& tree, std::span<const Token> truth) {
  std::vector<bool> on_path(tree.rows());
  std::int32_t row = 0;
  for (std::size_t i = 0;; ++i) {
    const bool leaf = std::find(tree.parent.begin() + row, tree.parent.end(), row) == tree.parent.end();
    if (leaf) break;
    if (i == truth.size()) return false;
    row = child_holding(tree, row, truth[i]);
    if (row < 0) break;
    on_path[row] = true;
  }
  rows_.resize(std::max(rows_.size(), on_path.size()));
  all_.seen *= memory;
  all_.kept *= memory;
  for (std::size_t k = 1; k < on_path.size(); ++k) {
    const double kept = on_path[k] ? 1 : 0;
    rows_[k] = {rows_[k].seen * memory + 1, rows_[k].kept * memory + kept};
    all_.seen += 1.0 / static_cast<double>(k);
    all_.kept += kept;
  }
  return true;
}

// Few trees say little about one row: what all rows together say, at 1 / k, stands in for the others.
double RowOdds::share(std::size_t row) const {
  const Row seen = row < rows_.size() ? rows_[row] : Row{};
  const double usual = (all_.kept + doubt * promise_) / (all_.seen + doubt) / static_cast<double>(row);
  return (seen.kept + doubt * usual) / (seen.seen + doubt);
}

double RowOdds::tokens(int rows) const {
  double sum = 1;
  for (int row = 1; row < rows; ++row) sum += share(row);
  return sum;
}

}  // namespace splitwan::engine
