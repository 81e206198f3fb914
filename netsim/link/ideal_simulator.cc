#include "netsim/link/ideal_simulator.hh"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "engine/base/error.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;

class IdealSimulator final : public LinkSimulator {
 public:
  explicit IdealSimulator(const NetworkSpec& spec) {
    for (const Edge& edge : spec.edges) {
      if (edge.sessions.count > 0)
        throw Error("edge {}: expected an ideal link to have a delay and a rate only, found other sessions",
                    lanes_.size() / 2);
      for (const LinkSpec& link : {edge.forward, edge.backward}) {
        check(link, lanes_.size() / 2);
        lanes_.push_back({link, Nanos{0}});
      }
    }
  }

  void send(Nanos t, std::uint32_t connection, bool forward, std::uint64_t id, std::uint64_t bytes) override {
    const std::size_t index = 2 * std::size_t{connection} + (forward ? 0 : 1);
    if (index >= lanes_.size())
      throw Error("send: expected a connection below {}, found {}", lanes_.size() / 2, connection);
    if (t < now_) throw Error("send: expected a time from {} ns, found {} ns", now_.count(), t.count());
    Lane& lane = lanes_[index];
    lane.free = std::max(t, lane.free) + transmission(lane.link, bytes);
    in_flight_.insert({lane.free + lane.link.delay, id});
  }

  std::optional<Delivery> advance(Nanos limit) override {
    if (limit < now_)
      throw Error("advance: expected a time from {} ns, found {} ns", now_.count(), limit.count());
    if (in_flight_.empty() || in_flight_.begin()->first > limit) {
      now_ = limit;
      return std::nullopt;
    }
    const auto [at, id] = *in_flight_.begin();
    in_flight_.erase(in_flight_.begin());
    now_ = at;
    return Delivery{.id = id, .at = at};
  }

 private:
  struct Lane {  // one direction
    LinkSpec link;
    Nanos free;  // when its last bit will have left
  };

  static void check(const LinkSpec& link, std::size_t edge) {
    const bool chance = link.loss != 0 || link.bursts.to_bad != 0 || link.jitter.law != JitterLaw::none;
    const bool varies = link.down || !link.schedule.empty() || !link.opportunities.empty();
    const bool shared = !link.losses.empty() || link.cross.bits_per_second > 0;
    if (chance || varies || shared)
      throw Error("edge {}: expected an ideal link to have a delay and a rate only, found {}", edge,
                  link.loss != 0                       ? fmt::format("loss {}", link.loss)
                  : link.bursts.to_bad != 0            ? "bursts of loss"
                  : link.jitter.law != JitterLaw::none ? "jitter"
                  : !link.opportunities.empty()        ? "delivery opportunities"
                  : !link.losses.empty()               ? "recorded losses"
                  : link.cross.bits_per_second > 0     ? "cross traffic"
                                                       : "a schedule");
    if (!(link.bits_per_second >= 0) || link.delay < Nanos{0})
      throw Error("edge {}: expected a delay and a rate of 0 or more, found {} ns and {} bit/s", edge,
                  link.delay.count(), link.bits_per_second);
  }

  static Nanos transmission(const LinkSpec& link, std::uint64_t bytes) {
    if (link.bits_per_second == 0) return Nanos{0};
    return Nanos{std::llround(static_cast<double>(bytes) * 8e9 / link.bits_per_second)};
  }

  std::vector<Lane> lanes_;                              // forward and backward of each edge in turn
  std::set<std::pair<Nanos, std::uint64_t>> in_flight_;  // arrival and id: ties come by id
  Nanos now_{0};
};

}  // namespace

std::unique_ptr<LinkSimulator> make_ideal_simulator(const NetworkSpec& spec) {
  return std::make_unique<IdealSimulator>(spec);
}

}  // namespace splitwan::netsim
