// The cells of each kind of design.
#include <numeric>

#include "engine/base/philox.hh"
#include "scenarios/sweep/design.hh"

namespace splitwan::scenarios {
namespace {

// In [0, 1): of a seed, of what it is for, and of a number.
enum class Draw : std::uint32_t { value, order };
double share_of(std::uint64_t seed, Draw draw, std::size_t factor, std::size_t number) {
  const auto block =
      engine::philox(seed, {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(number >> 32),
                            static_cast<std::uint32_t>(factor), static_cast<std::uint32_t>(draw)});
  return static_cast<double>((std::uint64_t{block[0]} << 21) ^ (block[1] >> 11)) * 0x1p-53;
}

std::vector<Json> grid(const Design& d) {
  std::size_t count = 1;
  for (const Factor& factor : d.factors) count *= factor.levels.size();
  std::vector<Json> cells(count, Json::object());
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t below = count;
    for (const Factor& factor : d.factors) {
      below /= factor.levels.size();
      cells[i][factor.key] = factor.levels[i / below % factor.levels.size()];
    }
  }
  return cells;
}

std::vector<Json> drawn(const Design& d) {
  std::vector<Json> cells(d.count, Json::object());
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (std::size_t f = 0; f < d.factors.size(); ++f)
      cells[i][d.factors[f].key] = d.factors[f].at(share_of(d.seed, Draw::value, f, i));
  return cells;
}

std::vector<Json> latin_hypercube(const Design& d) {
  std::vector<Json> cells(d.count, Json::object());
  for (std::size_t f = 0; f < d.factors.size(); ++f) {
    std::vector<std::size_t> order(cells.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = order.size(); i > 1; --i)  // Fisher and Yates
      std::swap(
          order[i - 1],
          order[static_cast<std::size_t>(share_of(d.seed, Draw::order, f, i) * static_cast<double>(i))]);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const double within = share_of(d.seed, Draw::value, f, i);
      cells[i][d.factors[f].key] =
          d.factors[f].at((static_cast<double>(order[i]) + within) / static_cast<double>(cells.size()));
    }
  }
  return cells;
}

}  // namespace

std::vector<Json> cells_of(const Design& d) {
  switch (d.kind) {
    case DesignKind::grid:
      return grid(d);
    case DesignKind::random:
      return drawn(d);
    case DesignKind::latin_hypercube:
      return latin_hypercube(d);
    default:
      return d.listed;
  }
}

}  // namespace splitwan::scenarios
