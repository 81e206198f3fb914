// How late packets left an emulated link. Constant memory: the 99th percentile is good to 3 %.
#pragma once

#include <array>
#include <cstdint>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

struct LatenessSummary {
  std::uint64_t packets = 0;
  LinkTime mean{}, p99{}, max{};
};

class Lateness {
 public:
  void add(LinkTime late);  // below 0 counts as 0

  std::uint64_t packets() const { return packets_; }
  LinkTime mean() const;
  LinkTime max() const { return max_; }
  LinkTime percentile(double fraction) const;  // 0.99
  LatenessSummary summary() const { return {packets_, mean(), percentile(0.99), max_}; }

 private:
  static constexpr int steps = 32;  // per doubling
  std::array<std::uint64_t, 64 * steps> buckets_{};
  std::uint64_t packets_ = 0;
  LinkTime sum_{}, max_{};
};

}  // namespace splitwan::netsim
