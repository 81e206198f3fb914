#include "model/fit/live.hh"

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

// Seconds per byte that the steps' sizes reveal: both ways are much alike in size, so one rate for both.
double rate_of(const std::vector<const Observation*>& steps) {
  std::vector<double> ones, bytes, network_s;
  for (const Observation* o : steps) {
    ones.push_back(1);
    bytes.push_back(wire_s(o->bytes_up, 8) + wire_s(o->bytes_down, 8));  // with their framing
    network_s.push_back(o->network_s);
  }
  const auto fit = robust_fit({ones, bytes}, network_s);
  const bool revealed = fit[1].value > 0 && fit[1].value > 3 * fit[1].error;
  return revealed ? 8 / fit[1].value : std::numeric_limits<double>::infinity();
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

void measure(Condition& c, const Sampled& s) {
  c.rtt_s = s.least_rtt_s;
  const double jitter_s = engine::median(s.spreads_s) / deviation_of_two;
  c.jitter_s = jitter_s > least_spread * s.least_rtt_s ? jitter_s : 0;
  c.loss = std::min(most_loss, s.retransmits / s.segments);
  c.up_bps = c.down_bps = s.steps.empty() ? std::numeric_limits<double>::infinity() : rate_of(s.steps);
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
    for (auto it = first; it != end; ++it) link.add(it->second.second);
    Condition condition;
    measure(condition, link);
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
