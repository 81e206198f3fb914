#include "analysis/report/sweep/front.hh"

#include <algorithm>
#include <functional>
#include <limits>

namespace splitwan::analysis {
namespace {

// More is better.
double merit(const Quantity& q, std::size_t row) {
  return q.higher_is_better ? *q.values[row] : -*q.values[row];
}

// In the order of preference: what tells how private a row is. Less is more private.
const char* const tells_privacy[] = {"attack_success", "epsilon_token", "epsilon", "privacy.mu"};

std::optional<Quantity> privacy_in(const std::vector<SweepAxis>& axes,
                                   const std::vector<Quantity>& quantities) {
  for (const std::string name : tells_privacy) {
    for (const Quantity& q : quantities)
      if (q.column == name || q.column.ends_with("." + name)) return q;
    for (const SweepAxis& axis : axes)
      if (!axis.numbers.empty() && (axis.column == name || axis.column.ends_with("." + name)))
        return quantity_of(axis);
  }
  return {};
}

}  // namespace

std::vector<std::size_t> front_of(const Quantity& x, const Quantity& y) {
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row < x.values.size(); ++row)
    if (x.values[row] && y.values[row]) order.push_back(row);
  std::ranges::stable_sort(order, std::greater<>{},
                           [&](std::size_t row) { return std::pair(merit(x, row), merit(y, row)); });
  std::vector<std::size_t> front;
  double best = -std::numeric_limits<double>::infinity(),
         of_x = best;  // the best y, and the x that it came with
  for (const std::size_t row : order) {
    const double here = merit(y, row);
    if (here > best || (here == best && merit(x, row) == of_x)) {
      front.push_back(row);
      best = here;
      of_x = merit(x, row);
    }
  }
  return front;
}

Quantity quantity_of(const SweepAxis& axis) {
  Quantity q{axis.column, axis.column, axis.unit, false, {}};
  for (const std::size_t at : axis.at)
    q.values.push_back(at == unknown_value ? std::nullopt : axis.numbers[at]);
  return q;
}

std::optional<FrontChoice> usual_front(const std::vector<SweepAxis>& axes,
                                       const std::vector<Quantity>& quantities) {
  const auto find = [&](const char* column) {
    return std::ranges::find(quantities, column, &Quantity::column);
  };
  const auto speed = find("tokens_per_s"), bytes = find("bytes_per_token");
  if (speed == quantities.end()) return {};
  if (auto privacy = privacy_in(axes, quantities)) return FrontChoice{std::move(*privacy), *speed};
  if (bytes == quantities.end()) return {};
  return FrontChoice{*bytes, *speed};
}

}  // namespace splitwan::analysis
