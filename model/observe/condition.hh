// The link that a run had, as the latency model takes it, and in words what it cannot take.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/party/run_header.hh"

namespace splitwan::model {

using engine::Json;

// What else sets a path apart than delays, rates, chance of loss and scale of jitter: queues, bursts,
// jitter's law, MTU, schedules, TCP, other sessions. Compared by what it says.
class Details {
 public:
  Details() = default;  // as LinkSpec and TcpSpec begin; nobody states a TCP
  Details(const engine::LinkSpec& up, const engine::LinkSpec& down, std::optional<engine::TcpSpec> tcp,
          const engine::OtherSessions& sessions = {});
  // Delay, rate, loss and jitter's scale are 0 here; a queue of 0 is the default.
  const engine::LinkSpec& up() const;
  const engine::LinkSpec& down() const;
  const engine::TcpSpec* tcp() const;  // nullptr: not stated
  const engine::OtherSessions& sessions() const;
  const std::string& text() const;  // JSON of what differs from the default; empty: nothing
  static Details of(const Json&, const std::string& where);
  std::strong_ordering operator<=>(const Details& d) const { return text() <=> d.text(); }
  bool operator==(const Details& d) const { return text() == d.text(); }

 private:
  struct All;
  std::shared_ptr<const All> all_;
};

// How the word begins that keeps a link apart on which others send: the model follows them as they are
// stated, which real ones never keep to.
inline constexpr std::string_view others_word = "cross traffic";

// A rate that is not limited is infinity here.
struct Condition {
  std::string network;
  double rtt_s = 0, up_bps = 0, down_bps = 0;  // rates: the mean, of packet deliveries too
  double loss = 0;                             // per packet, mean of both ways
  double jitter_s = 0;                         // scale of what is added to packets' delays, mean of both ways
  double loss_tilt = 0, jitter_tilt_s = 0;     // half of what the way down has more than the way up
  Details details = {};
  // What sets the link apart, in words:
  std::vector<std::string> also = {};  // the model follows it ("queue 4 MB")
  std::vector<std::string> apart =
      {};  // the model does not know it: predicted as if it were not there; or others_word
  std::vector<std::string> unfit = {};  // nothing that is stated stands for it: left out of fits
  bool live = false;  // nobody set the link; without a round-trip time it is not measured yet
  double loss_up() const { return loss - loss_tilt; }
  double loss_down() const { return loss + loss_tilt; }
  double jitter_up_s() const { return jitter_s - jitter_tilt_s; }
  double jitter_down_s() const { return jitter_s + jitter_tilt_s; }
  // NOLINTNEXTLINE(modernize-use-nullptr): no pointer, the 0 of a defaulted comparison
  auto operator<=>(const Condition&) const = default;
};

Condition condition_of(const engine::StatedNetwork&);
// Of a network where each pair has a link of its own: what they all are. Links that differ are unfit.
Condition condition_of_pairs(const engine::StatedNetwork&);
// Of those of them that join the first party, and of the others.
struct PairConditions {
  Condition outer, inner;
};
PairConditions conditions_of_pairs(const engine::StatedNetwork&);
// Infinite rates become null; what is 0 or empty is left out, but for the first five.
Json to_json(const Condition&);
Json link_json(const Condition&);                                      // the same without what carried it
Condition condition_of(const Json& object, const std::string& where);  // throws Error naming `where`
Condition condition_of(engine::ObjectReader&);  // asks for these keys; others may follow
std::string bandwidth_label(const Condition&);  // "20/100 Mbit/s"
std::string label(const Condition&);            // "80 ms, 20/100 Mbit/s, bursts up (..)"

}  // namespace splitwan::model
