#include "model/live.hh"

#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/error.hh"
#include "model/link.hh"
#include "model/robust_fit.hh"

namespace splitwan::model {
namespace {

double seconds(engine::Nanos t) { return std::chrono::duration<double>(t).count(); }

// Mean absolute deviation of the sum of two exponential delays, in their scale: 8 / e^2.
constexpr double deviation_of_two = 1.083;
// A spread below this share of the round trip is the receiver's own acknowledgement timing, not the path.
constexpr double least_spread = 0.02;

struct Sampled {
  double least_rtt_s = std::numeric_limits<double>::infinity();
  std::vector<double> spreads_s;
  double segments = 0, retransmits = 0;
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

}  // namespace

void measure_live_links(std::vector<Observation>& observations, const std::vector<engine::Run>& runs) {
  std::map<std::size_t, Sampled> live;
  for (const Observation& o : observations) {
    if (!o.crossed()) continue;
    const Json conditions = runs.at(o.run).header.value("conditions", Json::object());
    if (conditions.value("rtt_s", Json()).is_number()) continue;
    Sampled& s = live[o.run];
    s.segments += std::ceil(o.bytes_up / segment_bytes);
    s.retransmits += o.retransmits;
    if (o.tcp.rtt.count() > 0) {
      s.least_rtt_s = std::min(s.least_rtt_s, seconds(o.tcp.rtt));
      s.spreads_s.push_back(seconds(o.tcp.rtt_spread));
    }
  }
  std::vector<const Observation*> steps;
  for (const Observation& o : observations) {
    if (live.count(o.run) && o.crossed() && !o.prefill && o.retransmits == 0) steps.push_back(&o);
  }
  const double bps = steps.empty() ? 0 : rate_of(steps);
  for (Observation& o : observations) {
    const auto found = live.find(o.run);
    if (found == live.end()) continue;
    const Sampled& s = found->second;
    if (std::isinf(s.least_rtt_s))
      throw engine::Error(
          "run {}: crosses a network but has neither conditions.rtt_s nor TCP samples: the model needs one "
          "of them",
          o.run);
    o.condition.rtt_s = s.least_rtt_s;
    const double jitter_s = median(s.spreads_s) / deviation_of_two;
    o.condition.jitter_s = jitter_s > least_spread * s.least_rtt_s ? jitter_s : 0;
    o.condition.loss = s.retransmits / s.segments;
    o.condition.up_bps = o.condition.down_bps = bps;
  }
}

}  // namespace splitwan::model
