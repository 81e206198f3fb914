#include "netsim/ns3/sim/probe.hh"

#include <ns3/simulator.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "netsim/link/link_check.hh"
#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim::sim {
namespace {

using ns3::NetDevice;
using ns3::Packet;
using ns3::Ptr;
using ns3::Simulator;

constexpr std::uint16_t protocol =
    0x86DD;  // of the two that PPP carries, the one that nobody here listens to

// How many packets a burst and a loss measurement may have: many links share what many packets cost.
constexpr std::size_t burst_packets = 16, all_burst_packets = 256;
constexpr std::size_t loss_packets = 400, all_loss_packets = 1600;

LinkTime now() { return LinkTime(Simulator::Now().GetNanoSeconds()); }

// One direction of an edge.
class Way {
 public:
  Way(Topology& topology, std::size_t edge, bool forward)
      : from_(topology.device(edge, forward)), to_(topology.device(edge, !forward)) {
    to_->GetNode()->RegisterProtocolHandler(ns3::MakeCallback(&Way::receive, this), protocol, to_);
  }
  ~Way() { to_->GetNode()->UnregisterProtocolHandler(ns3::MakeCallback(&Way::receive, this)); }
  Way(const Way&) = delete;

  void send(std::uint32_t bytes) {
    from_->Send(ns3::Create<Packet>(bytes - ppp_bytes), from_->GetBroadcast(), protocol);
  }
  void reset() { received_ = 0; }
  void answer_with(Way* other) { answer_ = other; }

  std::uint32_t received() const { return received_; }
  LinkTime first() const { return first_; }
  LinkTime last() const { return last_; }

 private:
  void receive(Ptr<NetDevice>, Ptr<const Packet>, std::uint16_t, const ns3::Address&, const ns3::Address&,
               NetDevice::PacketType) {
    last_ = now();
    if (received_++ == 0) first_ = last_;
    if (answer_) answer_->send(probe_bytes);
  }

  Ptr<ns3::PointToPointNetDevice> from_, to_;
  std::uint32_t received_ = 0;
  LinkTime first_{}, last_{};
  Way* answer_ = nullptr;
};

struct Probe {
  const Edge& edge;
  Way forward, backward;
  ProbedEdge found{};

  Probe(const Edge& e, Topology& topology, std::size_t index)
      : edge(e), forward(topology, index, true), backward(topology, index, false) {}
  Way& way(bool is_forward) { return is_forward ? forward : backward; }
};

class Prober {
 public:
  Prober(const Spec& spec, Topology& topology, Stepper& stepper, ns3::Time patience)
      : topology_(topology), stepper_(stepper), patience_(patience) {
    for (const Edge& edge : spec.edges)
      probes_.push_back(std::make_unique<Probe>(edge, topology, probes_.size()));
  }

  std::vector<ProbedEdge> run() {
    measure_rtts();
    measure_rates();
    measure_losses();
    std::vector<ProbedEdge> found;
    found.reserve(probes_.size());
    for (const auto& probe : probes_) found.push_back(probe->found);
    return found;
  }

 private:
  void step() { stepper_.run(Simulator::Now() + patience_); }

  void measure_rtts() {
    const LinkTime asked = now();
    for (const auto& probe : probes_) {
      probe->forward.answer_with(&probe->backward);
      probe->forward.send(probe_bytes);
    }
    step();
    for (const auto& probe : probes_) {
      const Edge& edge = probe->edge;
      probe->forward.answer_with(nullptr);
      expect_received(*probe, false, 1);
      const LinkTime at_b = last_bit_leaves(edge.forward, asked, probe_bytes) + edge.forward.delay;
      const LinkTime back = last_bit_leaves(edge.backward, at_b, probe_bytes) + edge.backward.delay;
      probe->found.rtt_s = seconds(probe->backward.last() - asked);
      expect_rtt(edge.where(), seconds(back - asked), probe->found.rtt_s);
    }
  }

  void measure_rates() {
    const std::size_t share = std::max<std::size_t>(2, all_burst_packets / (2 * probes_.size()));
    const LinkTime sent = now();
    const auto packets = [&](const LinkSpec& link) {  // one is being sent, the others must find room
      const std::uint64_t room = 1 + link.queue_bytes / (link.mtu + ppp_bytes);
      return std::min<std::uint64_t>({burst_packets, share, room - (link.opportunities.empty() ? 0 : 1)});
    };
    each_way([&](Probe& probe, bool forward, const LinkSpec& link) {
      probe.way(forward).reset();
      for (std::uint64_t i = packets(link); i > 0; --i) probe.way(forward).send(link.mtu + ppp_bytes);
    });
    step();
    each_way([&](Probe& probe, bool forward, const LinkSpec& link) {
      const std::uint64_t count = packets(link), bytes = link.mtu + ppp_bytes;
      expect_received(probe, forward, count);
      if (!rate_is_measurable(link) || count < 2) return;
      const double bits = 8.0 * static_cast<double>((count - 1) * bytes);
      const LinkTime asked = last_bit_leaves(link, sent, count * bytes) - last_bit_leaves(link, sent, bytes);
      const LinkTime took = probe.way(forward).last() - probe.way(forward).first();
      double& found = probe.found.ways[forward ? 0 : 1].bits_per_second;
      if (asked == LinkTime{} && took == asked) return;  // all within one opportunity
      found = bits / seconds(took);
      expect_rate(probe.edge.where(forward), link, bits / seconds(asked), found);
    });
  }

  void measure_losses() {
    std::size_t lossy = 0;
    each_way([&](Probe&, bool, const LinkSpec& link) { lossy += mean_loss(link) > 0; });
    if (lossy == 0) return;
    const auto share = static_cast<std::uint32_t>(std::min(loss_packets, all_loss_packets / lossy + 1));
    rehearse(true);
    each_way([&](Probe& probe, bool forward, const LinkSpec& link) {
      probe.way(forward).reset();
      if (mean_loss(link) > 0) probe.found.ways[forward ? 0 : 1].sent = share;
    });
    for (std::uint32_t done = 0, batch = 0; done < share; done += batch) {
      batch = share - done;
      each_way([&](Probe&, bool, const LinkSpec& link) {  // no packet may find the smallest queue full
        if (mean_loss(link) > 0)
          batch = static_cast<std::uint32_t>(std::min<std::uint64_t>(batch, link.queue_bytes / probe_bytes));
      });
      each_way([&](Probe& probe, bool forward, const LinkSpec& link) {
        for (std::uint32_t i = 0; i < batch && mean_loss(link) > 0; ++i) probe.way(forward).send(probe_bytes);
      });
      step();
    }
    rehearse(false);
    each_way([&](Probe& probe, bool forward, const LinkSpec& link) {
      ProbedWay& found = probe.found.ways[forward ? 0 : 1];
      found.lost = found.sent - probe.way(forward).received();
      expect_loss(probe.edge.where(forward), link, found.sent, found.lost);
    });
  }

  template <typename Use>
  void each_way(Use use) {
    for (const auto& probe : probes_)
      for (const bool forward : {true, false}) use(*probe, forward, probe->edge.link(forward));
  }

  void rehearse(bool with_chance) {
    for (std::size_t i = 0; i < probes_.size(); ++i)
      for (const bool forward : {true, false}) topology_.link(i, forward).rehearse(with_chance);
  }

  void expect_received(Probe& probe, bool forward, std::uint64_t count) const {
    if (probe.way(forward).received() == count) return;
    throw std::runtime_error(probe.edge.where(forward) + ": expected " + std::to_string(count) +
                             " probe packets within " + std::to_string(patience_.GetSeconds()) +
                             " s of virtual time, found " + std::to_string(probe.way(forward).received()));
  }

  static double seconds(LinkTime t) { return 1e-9 * static_cast<double>(t.count()); }

  Topology& topology_;
  Stepper& stepper_;
  ns3::Time patience_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace

std::vector<ProbedEdge> probe_links(const Spec& spec, Topology& topology, Stepper& stepper,
                                    ns3::Time patience) {
  return Prober(spec, topology, stepper, patience).run();
}

}  // namespace splitwan::netsim::sim
