#include "analysis/attacks/attackers/matching.hh"

#include <ATen/ATen.h>

#include <limits>

namespace splitwan::attacks {

using at::Tensor;

Tensor permuted(const Tensor& rows, Permutation p, const at::Generator& generator) {
  Tensor out = rows;
  if (p == Permutation::sequence || p == Permutation::both)
    out = out.index_select(0, at::randperm(rows.size(0), generator, at::kLong));
  if (p == Permutation::hidden || p == Permutation::both) {  // each row by a key of its own
    std::vector<Tensor> shuffled;
    shuffled.reserve(rows.size(0));
    for (const Tensor& row : out.unbind(0))
      shuffled.push_back(row.index_select(0, at::randperm(rows.size(1), generator, at::kLong)));
    out = at::stack(shuffled);
  }
  return out;
}

std::vector<std::span<const Token>> batches_of(std::span<const Token> order) {
  std::vector<std::span<const Token>> out;
  for (std::size_t at = 0, size = 8; at < order.size();
       at += out.back().size(), size = std::min<std::size_t>(2 * size, 256))
    out.push_back(order.subspan(at, std::min(size, order.size() - at)));
  return out;
}

namespace {

// The rows that are not explained yet, and which of them may be a position's.
class Rows {
 public:
  Rows(const Seen& seen, Permutation p)
      : any_order_(p == Permutation::sequence || p == Permutation::both),
        sorted_(p == Permutation::hidden || p == Permutation::both),
        rows_(comparable(seen.rows)),
        used_(static_cast<std::size_t>(rows_.size(0))) {}

  // Distance and place of the nearest pair of a candidate and a row.
  struct Nearest {
    double distance = std::numeric_limits<double>::infinity();
    std::size_t candidate = 0, row = 0;
  };
  Nearest nearest(const Tensor& states, std::size_t position) const {
    const Tensor mine = comparable(states);
    const auto rows = any_order_ ? free() : std::vector<std::int64_t>{static_cast<std::int64_t>(position)};
    const Tensor distances = at::cdist(mine, rows_.index_select(0, at::tensor(rows, at::kLong)), 1);
    const auto at = distances.argmin().item<std::int64_t>(), columns = distances.size(1);
    return {distances.data_ptr<float>()[at], static_cast<std::size_t>(at / columns),
            static_cast<std::size_t>(rows[static_cast<std::size_t>(at % columns)])};
  }
  void use(std::size_t row) { used_[row] = true; }

 private:
  Tensor comparable(const Tensor& rows) const { return sorted_ ? std::get<0>(rows.sort(1)) : rows; }
  std::vector<std::int64_t> free() const {
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < used_.size(); ++i)
      if (!used_[i]) out.push_back(static_cast<std::int64_t>(i));
    return out;
  }
  bool any_order_, sorted_;
  Tensor rows_;
  std::vector<bool> used_;
};

}  // namespace

int most_likely_depth(const Search& search, const Seen& seen, std::uint64_t& passes) {
  const Rows rows(seen, Permutation::none);
  if (search.depths.size() == 1 || seen.rows.size(0) < 2) return search.depths.front();
  const std::vector<Token> all = Proposals(search.pieces).after(seen.first);
  double best = std::numeric_limits<double>::infinity();
  int depth = search.depths.front();
  for (const int tried : search.depths) {
    Prefix prefix(search.pieces, search.cut, tried, search.wire);
    prefix.try_tokens(std::span(&seen.first, 1));
    prefix.accept(seen.first);
    double here = std::numeric_limits<double>::infinity();
    for (const auto& batch : batches_of(all))
      here = std::min(here, rows.nearest(prefix.try_tokens(batch), 1).distance);
    passes += prefix.rows();
    if (here < best) best = here, depth = tried;
  }
  return depth;
}

Found match_vocabulary(const Search& search, const Seen& seen, Permutation permutation, const Stop& stop) {
  Rows rows(seen, permutation);
  Found found;
  Prefix prefix(search.pieces, search.cut, most_likely_depth(search, seen, found.passes), search.wire);
  Proposals proposals(search.pieces);
  rows.use(rows.nearest(prefix.try_tokens(std::span(&seen.first, 1)), 0).row);
  prefix.accept(seen.first);
  Token last = seen.first;
  for (std::int64_t position = 1; position < seen.rows.size(0); ++position) {
    Rows::Nearest best;
    const std::vector<Token> order = proposals.after(last);
    for (const auto& batch : batches_of(order)) {
      if (stop()) throw Stopped{};
      const auto here = rows.nearest(prefix.try_tokens(batch), static_cast<std::size_t>(position));
      if (here.distance < best.distance) {
        best = here;
        last = batch[here.candidate];
      }
      if (best.distance <= search.threshold) break;
    }
    prefix.accept(last);
    rows.use(best.row);
    found.tokens.push_back(last);
  }
  found.passes += prefix.rows();
  return found;
}

std::vector<double> right_distances(const Search& search, const Seen& seen, std::span<const Token> text,
                                    int norm) {
  Prefix prefix(search.pieces, search.cut, search.depths.front(), search.wire);
  std::vector<double> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Tensor state = prefix.try_tokens(text.subspan(i, 1));
    out.push_back((state[0] - seen.rows[static_cast<std::int64_t>(i)]).norm(norm).item<double>());
    prefix.accept(text[i]);
  }
  return out;
}

}  // namespace splitwan::attacks
