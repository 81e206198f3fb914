#include "model/fit/live.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/fit/robust_fit.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using engine::seconds;

// Mean absolute deviation of the sum of two exponential delays, in their scale: 8 / e^2.
constexpr double deviation_of_two = 1.083;
// A spread below this share of the round trip is the receiver's own acknowledgement timing, not the path.
constexpr double least_spread = 0.02;
constexpr double most_loss = 0.999;  // where all was sent again and again

// Runs over what is most likely one link: their least round trips lie within this share (or this time) of the
// shortest.
constexpr double same_link = 0.05, same_link_s = 100e-6;
constexpr double other_link = 1.5;  // ratio of rates, where the runs' own show them apart

struct Sampled {
  double least_rtt_s = std::numeric_limits<double>::infinity();
  std::vector<double> spreads_s;
  double segments = 0, retransmits = 0;
  std::vector<const Observation*> steps;  // that tell the rate
  void add(const Sampled& s) {
    least_rtt_s = std::min(least_rtt_s, s.least_rtt_s);
    spreads_s.insert(spreads_s.end(), s.spreads_s.begin(), s.spreads_s.end());
    segments += s.segments;
    retransmits += s.retransmits;
    steps.insert(steps.end(), s.steps.begin(), s.steps.end());
  }
};

// Seconds per bit that the steps' sizes reveal: both ways are much alike in size, so one rate for both. 0:
// they reveal none.
Coefficient bit_of(const std::vector<const Observation*>& steps) {
  std::vector<double> ones, bits, network_s;
  for (const Observation* o : steps) {
    ones.push_back(1);
    bits.push_back(wire_s(o->bytes_up, 1) + wire_s(o->bytes_down, 1));  // with their framing
    network_s.push_back(o->network_s);
  }
  const Coefficient bit = robust_fit({ones, bits}, network_s)[1];
  return bit.value > 0 && bit.value > 3 * bit.error ? bit : Coefficient();
}

double rate_of(const Coefficient& bit) {
  return bit.value > 0 ? 1 / bit.value : std::numeric_limits<double>::infinity();
}

Sampled sample(const std::vector<Observation>& observations, std::size_t run) {
  Sampled s;
  for (const Observation& o : observations) {
    if (o.run != run || !o.crossed()) continue;
    s.segments += std::ceil(o.bytes_up / segment_bytes);
    s.retransmits += o.retransmits;
    if (!o.prefill && o.retransmits == 0) s.steps.push_back(&o);
    if (o.tcp.rtt.count() <= 0) continue;
    s.least_rtt_s = std::min(s.least_rtt_s, seconds(o.tcp.rtt));
    s.spreads_s.push_back(seconds(o.tcp.rtt_spread));
  }
  if (std::isinf(s.least_rtt_s))
    throw engine::Error(
        "run {}: crosses a network but has neither a stated link nor TCP samples: the model needs one of "
        "them",
        run);
  return s;
}

// Runs with as long a round trip may still have been on two links: then their rates differ by more than
// chance explains.
void compare_rates(Condition& c, const std::vector<Coefficient>& bits) {
  const auto by_value = [](const Coefficient& a, const Coefficient& b) { return a.value < b.value; };
  const auto [fast, slow] = std::minmax_element(bits.begin(), bits.end(), by_value);
  if (fast == bits.end() || slow->value < other_link * fast->value ||
      slow->value - fast->value < 3 * std::hypot(slow->error, fast->error))
    return;
  c.apart.push_back(
      fmt::format("runs of one round-trip time whose rates differ, {:.3g} to {:.3g} Mbit/s, "
                  "taken as one link",
                  rate_of(*slow) * 1e-6, rate_of(*fast) * 1e-6));
}

void measure(Condition& c, const Sampled& s) {
  c.rtt_s = s.least_rtt_s;
  const double jitter_s = engine::median(s.spreads_s) / deviation_of_two;
  c.jitter_s = jitter_s > least_spread * s.least_rtt_s ? jitter_s : 0;
  c.loss = std::min(most_loss, s.retransmits / s.segments);
  c.up_bps = c.down_bps = rate_of(s.steps.empty() ? Coefficient() : bit_of(s.steps));
}

}  // namespace

void measure_live_links(std::vector<Observation>& observations, const std::vector<engine::Run>& runs) {
  std::multimap<double, std::pair<std::size_t, Sampled>> by_rtt;
  std::set<std::size_t> seen;
  for (const Observation& o : observations) {
    if (!o.crossed() || !seen.insert(o.run).second) continue;
    if (!runs.at(o.run).header.network.edges.empty()) continue;  // stated
    Sampled s = sample(observations, o.run);
    const double rtt_s = s.least_rtt_s;
    by_rtt.emplace(rtt_s, std::pair(o.run, std::move(s)));
  }
  std::map<std::size_t, Condition> measured;
  for (auto first = by_rtt.begin(); first != by_rtt.end();) {
    const double farthest_s = std::max(first->first * (1 + same_link), first->first + same_link_s);
    const auto end = by_rtt.upper_bound(farthest_s);
    Sampled link;
    std::vector<Coefficient> bits;
    for (auto it = first; it != end; ++it) {
      link.add(it->second.second);
      const auto& steps = it->second.second.steps;
      if (const Coefficient bit = steps.empty() ? Coefficient() : bit_of(steps); bit.value > 0)
        bits.push_back(bit);
    }
    Condition condition;
    measure(condition, link);
    compare_rates(condition, bits);
    for (; first != end; ++first) measured[first->second.first] = condition;
  }
  for (Observation& o : observations) {
    const auto found = measured.find(o.run);
    if (found == measured.end()) continue;
    const Condition unmeasured = std::exchange(o.condition, found->second);
    o.condition.network = unmeasured.network;
    o.condition.live = unmeasured.live;
  }
}

}  // namespace splitwan::model
