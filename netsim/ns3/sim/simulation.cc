#include "netsim/ns3/sim/simulation.hh"

#include <ns3/simulator.h>

#include <algorithm>
#include <stdexcept>

#include "netsim/link/link_check.hh"
#include "netsim/link/sim_protocol.hh"
#include "netsim/ns3/sim/tcp.hh"

namespace splitwan::netsim::sim {

using nlohmann::json;
using ns3::MakeCallback;
using ns3::NanoSeconds;
using ns3::Ptr;
using ns3::Simulator;
using ns3::Socket;
using ns3::Time;

namespace {

constexpr std::uint16_t port = 5000;

// Links and handshakes are tried for this long in virtual time: slow set-up is an error, never a hang.
Time patience(const Spec& spec) {
  LinkTime longest = std::chrono::minutes(1) + 20 * spec.longest_rtt();
  for (const Edge& edge : spec.edges)
    for (const LinkSpec* link : {&edge.forward, &edge.backward})
      longest = std::max(longest, 2 * last_bit_leaves(*link, {}, 20 * (link->mtu + ppp_bytes)));
  return NanoSeconds(longest.count());
}

}  // namespace

Simulation::Simulation(const Spec& spec) : spec_(spec) {
  set_defaults(spec_);
  topology_ = std::make_unique<Topology>(spec_);
  probed_ = probe_links(spec_, *topology_, stepper_, patience(spec_));
  topology_->capture(spec_);
  establish();
  topology_->start_of_time();
  for (const auto& others : others_) others->begin(spec_.seed, place_of(others->edge().listed));
  origin_ns_ = Simulator::Now().GetNanoSeconds();
  origin_events_ = Simulator::GetEventCount();
  ready_ = describe();
}

Simulation::~Simulation() {
  others_.clear();
  connections_.clear();  // ns-3 wants nobody to hold its objects when it is torn down
  topology_.reset();
  Simulator::Destroy();
}

// Other people's connections first and one by one, so that no handshake meets another and ours end at time 0.
void Simulation::establish() {
  const auto established = [this] {
    if (--ends_to_establish_ == 0) stepper_.halt_after_now();
  };
  for (std::size_t index = 0; index < spec_.edges.size(); ++index) {
    const Edge& edge = spec_.edges[index];
    if (edge.sessions.count == 0) continue;
    others_.push_back(std::make_unique<Others>(edge, initial_window()));
    for (std::uint32_t i = 0; i < edge.sessions.count; ++i) {
      others_.back()->open(topology_->others_place(index, !edge.turned),
                           topology_->others_place(index, edge.turned), established,
                           MakeCallback(&Simulation::gave_up, this));
      await(2, [&] { return index; });
    }
  }
  for (std::size_t index = 0; index < spec_.edges.size(); ++index) connect(index, established);
  await(2 * connections_.size(), [this] {
    std::size_t missing = 0;
    while (missing + 1 < connections_.size() && connections_[missing]->at_b) ++missing;
    return missing;
  });
  if (others_.empty()) return;
  // Timestamps count whole milliseconds, so that where within one time begins moves timeouts by one; among
  // others that makes another course of things. So it begins with one, as for whoever follows these packets.
  constexpr std::int64_t millisecond = 1'000'000;
  const std::int64_t into = Simulator::Now().GetNanoSeconds() % millisecond;
  stepper_.run(NanoSeconds(Simulator::Now().GetNanoSeconds() + (into == 0 ? 0 : millisecond - into)));
}

// Until so many ends stand; `missing`: the edge where one does not.
void Simulation::await(std::size_t ends, const std::function<std::size_t()>& missing) {
  ends_to_establish_ = ends;
  stepper_.run(Simulator::Now() + patience(spec_));
  if (ends_to_establish_ == 0) return;
  throw std::runtime_error(spec_.edges[missing()].where() + ": expected a TCP connection within " +
                           std::to_string(patience(spec_).GetSeconds()) + " s of virtual time, found none");
}

void Simulation::connect(std::size_t index, const std::function<void()>& established) {
  connections_.push_back(std::make_unique<Connection>(initial_window(), [this](const Delivered& delivered) {
    --under_way_;
    due_.push_back(delivered);
    stepper_.halt_after_now();
  }));
  connections_.back()->open(topology_->place(index, true), topology_->place(index, false), port, established,
                            MakeCallback(&Simulation::gave_up, this));
}

void Simulation::gave_up(Ptr<Socket> socket) {
  for (std::size_t index = 0; index < connections_.size(); ++index) {
    if (!connections_[index]->has(socket)) continue;
    failure_ = "TCP gave up connection " + std::to_string(spec_.edges[index].listed) + " (party " +
               std::to_string(spec_.edges[index].a) + " to " + std::to_string(spec_.edges[index].b) +
               "): too many retransmissions unanswered";
  }
  for (const auto& others : others_) {
    if (others->has(socket))
      failure_ = "TCP gave up a connection of " + others->edge().where() +
                 ": sessions: too many retransmissions unanswered";
  }
  stepper_.halt_after_now();
}

void Simulation::send(std::int64_t t, std::size_t connection, bool forward, std::uint64_t id,
                      std::uint64_t bytes) {
  const std::size_t index = place_of(connection);
  if (bytes == 0) throw std::runtime_error("send: expected at least one byte, found 0");
  Stream& stream = connections_[index]->stream(forward != spec_.edges[index].turned);
  Simulator::Schedule(delay_until(t, "send"), &Stream::send, &stream, id, bytes);
  ++under_way_;
}

std::optional<Delivered> Simulation::advance(std::int64_t limit) {
  if (due_.empty()) {
    const bool forever = limit >= sim_forever;
    if (!forever) delay_until(limit, "advance");
    if (forever && under_way_ == 0 && !others_.empty()) return std::nullopt;  // they would never end
    stepper_.run(NanoSeconds(forever ? sim_forever : limit + origin_ns_));
    if (!failure_.empty()) throw std::runtime_error(failure_);
    std::sort(due_.begin(), due_.end(), [](const Delivered& x, const Delivered& y) { return x.id > y.id; });
  }
  if (due_.empty()) return std::nullopt;
  Delivered next = due_.back();
  due_.pop_back();
  next.at_ns -= origin_ns_;
  return next;
}

// ns-3's own check for negative delays is compiled out: time would silently run backwards.
Time Simulation::delay_until(std::int64_t t, const char* command) const {
  const std::int64_t now = Simulator::Now().GetNanoSeconds() - origin_ns_;
  if (t < now || t >= sim_forever - origin_ns_)
    throw std::runtime_error(std::string(command) + ": expected a time from " + std::to_string(now) +
                             " ns, found " + std::to_string(t));
  return NanoSeconds(t - now);
}

std::size_t Simulation::place_of(std::size_t connection) const {
  if (connection >= connections_.size())
    throw std::runtime_error("expected a connection below " + std::to_string(connections_.size()) +
                             ", found " + std::to_string(connection));
  return spec_.place[connection];
}

json Simulation::describe() const {
  json connections = json::array();
  for (const std::size_t index : spec_.place) {
    json connection = {{"rtt_s", probed_[index].rtt_s},
                       {"congestion", congestion_type(connections_[index]->at_a)}};
    for (const bool forward : {true, false}) {
      const ProbedWay& way = probed_[index].ways[forward != spec_.edges[index].turned ? 0 : 1];
      connection[forward ? "forward" : "backward"] = {
          {"bps", way.bits_per_second}, {"sent", way.sent}, {"lost", way.lost}};
    }
    connections.push_back(std::move(connection));
  }
  return {{"ns3", SPLITWAN_NS3_VERSION},
          {"settings", settings(connections_.front()->at_a)},
          {"connections", std::move(connections)}};
}

json Simulation::wire_totals(std::size_t index, bool forward) const {
  const Connection& connection = *connections_[index];
  const Stream& stream = forward ? connection.forward : connection.backward;
  const LinkCounts& link = topology_->link(index, forward).counts();
  const TwoWayChannel::Counts& ours = topology_->channel(index).counts(forward);
  return {{"bytes", stream.bytes_read()},         {"packets", ours.sent},
          {"queue_drops", ours.queue_drops},      {"lost", ours.lost},
          {"retransmits", stream.retransmits()},  {"busy_ns", link.busy.count()},
          {"most_queued_bytes", link.most_queued}};
}

json Simulation::totals() const {
  json connections = json::array();
  for (const std::size_t index : spec_.place) {
    const bool turned = spec_.edges[index].turned;
    connections.push_back(
        {{"forward", wire_totals(index, !turned)}, {"backward", wire_totals(index, turned)}});
  }
  return {{"events", Simulator::GetEventCount() - origin_events_},
          {"elapsed_ns", Simulator::Now().GetNanoSeconds() - origin_ns_},
          {"connections", std::move(connections)}};
}

}  // namespace splitwan::netsim::sim
