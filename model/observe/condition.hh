// The link that a run had, as the latency model takes it, and in words what it cannot take.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "engine/party/run_header.hh"

namespace splitwan::model {

using engine::Json;

// A rate that is not limited is infinity here.
struct Condition {
  std::string network;
  double rtt_s = 0, up_bps = 0, down_bps = 0;  // rates: the mean, of packet deliveries too
  double loss = 0;                             // per packet, mean of both ways
  double jitter_s = 0;                         // scale of what is added to packets' delays, mean of both ways
  double loss_tilt = 0, jitter_tilt_s = 0;     // half of what the way down has more than the way up
  // What else sets the link apart, in words:
  std::vector<std::string> also = {};   // makes no difference that the model knows of ("queue 4 MB")
  std::vector<std::string> apart = {};  // the model has no term for it: predicted as if it were not there
  std::vector<std::string> unfit = {};  // no rate, loss or jitter stands for it: left out of fits
  bool live = false;  // nobody set the link; without a round-trip time it is not measured yet
  double loss_up() const { return loss - loss_tilt; }
  double loss_down() const { return loss + loss_tilt; }
  double jitter_up_s() const { return jitter_s - jitter_tilt_s; }
  double jitter_down_s() const { return jitter_s + jitter_tilt_s; }
  // NOLINTNEXTLINE(modernize-use-nullptr): no pointer, the 0 of a defaulted comparison
  auto operator<=>(const Condition&) const = default;
};

Condition condition_of(const engine::StatedNetwork&);
// Infinite rates become null; what is 0 or empty is left out, but for the first five.
Json to_json(const Condition&);
Json link_json(const Condition&);                                      // the same without what carried it
Condition condition_of(const Json& object, const std::string& where);  // throws Error naming `where`
Condition condition_of(engine::ObjectReader&);  // asks for these keys; others may follow
std::string bandwidth_label(const Condition&);  // "20/100 Mbit/s"
std::string label(const Condition&);            // "80 ms, 20/100 Mbit/s, bursts up (..)"

}  // namespace splitwan::model
