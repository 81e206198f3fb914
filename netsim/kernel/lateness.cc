#include "netsim/kernel/lateness.hh"

#include <algorithm>
#include <bit>

namespace splitwan::netsim {

void Lateness::add(LinkTime late) {
  late = std::max(late, LinkTime{});
  ++packets_;
  sum_ += late;
  max_ = std::max(max_, late);
  const auto ns = static_cast<std::uint64_t>(late.count());
  const int doubling = std::max(0, static_cast<int>(std::bit_width(ns)) - 6);  // below 64 ns: exact
  ++buckets_[static_cast<std::size_t>(doubling) * steps + (ns >> doubling)];
}

LinkTime Lateness::mean() const {
  return packets_ == 0 ? LinkTime{} : sum_ / static_cast<std::int64_t>(packets_);
}

LinkTime Lateness::percentile(double fraction) const {
  const double wanted = fraction * static_cast<double>(packets_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen == 0 || static_cast<double>(seen) < wanted) continue;
    const std::uint64_t doubling = i < 2 * steps ? 0 : i / steps - 1;
    return std::min(max_, LinkTime(static_cast<std::int64_t>((i - doubling * steps) << doubling)));
  }
  return max_;
}

}  // namespace splitwan::netsim
