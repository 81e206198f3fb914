#include "netsim/ns3/sim/simulation.hh"

#include <ns3/inet-socket-address.h>
#include <ns3/simulator.h>
#include <ns3/tcp-socket-factory.h>

#include <algorithm>
#include <stdexcept>

#include "netsim/link/link_check.hh"
#include "netsim/link/sim_protocol.hh"
#include "netsim/ns3/sim/tcp.hh"

namespace splitwan::netsim::sim {

using nlohmann::json;
using ns3::Address;
using ns3::InetSocketAddress;
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
  origin_ns_ = Simulator::Now().GetNanoSeconds();
  origin_events_ = Simulator::GetEventCount();
  ready_ = describe();
}

Simulation::~Simulation() {
  connections_.clear();  // ns-3 wants nobody to hold its objects when it is torn down
  topology_.reset();
  Simulator::Destroy();
}

void Simulation::establish() {
  for (std::size_t index = 0; index < spec_.edges.size(); ++index) connect(spec_.edges[index], index);
  ends_to_establish_ = 2 * connections_.size();
  stepper_.run(Simulator::Now() + patience(spec_));
  if (ends_to_establish_ == 0) return;
  std::size_t missing = 0;
  while (missing + 1 < connections_.size() && connections_[missing]->at_b) ++missing;
  throw std::runtime_error(spec_.edges[missing].where() + ": expected a TCP connection within " +
                           std::to_string(patience(spec_).GetSeconds()) + " s of virtual time, found none");
}

void Simulation::connect(const Edge& edge, std::size_t index) {
  const auto tcp = ns3::TcpSocketFactory::GetTypeId();
  connections_.push_back(std::make_unique<Connection>(spec_.tcp.initial_window * spec_.tcp.segment,
                                                      [this](const Delivered& delivered) {
                                                        due_.push_back(delivered);
                                                        stepper_.halt_after_now();
                                                      }));
  Connection& connection = *connections_.back();
  const auto established = [this](Ptr<Socket> socket) {
    socket->SetCloseCallbacks(MakeCallback(&Simulation::gave_up, this),
                              MakeCallback(&Simulation::gave_up, this));
    if (--ends_to_establish_ == 0) stepper_.halt_after_now();
  };

  connection.listener = Socket::CreateSocket(topology_->node(edge.b), tcp);
  connection.listener->Bind(InetSocketAddress(topology_->address(index, false), port));
  connection.listener->Listen();
  connection.listener->SetAcceptCallback(
      ns3::MakeNullCallback<bool, Ptr<Socket>, const Address&>(),
      ns3::Callback<void, Ptr<Socket>, const Address&>([=, &connection](Ptr<Socket> socket, const Address&) {
        connection.at_b = socket;
        connection.backward.set_sender(socket);
        connection.forward.set_receiver(socket);
        established(socket);
      }));

  connection.at_a = Socket::CreateSocket(topology_->node(edge.a), tcp);
  connection.forward.set_sender(connection.at_a);
  connection.backward.set_receiver(connection.at_a);
  connection.at_a->SetConnectCallback(ns3::Callback<void, Ptr<Socket>>(established),
                                      MakeCallback(&Simulation::gave_up, this));
  connection.at_a->Bind(InetSocketAddress(topology_->address(index, true), 0));
  connection.at_a->Connect(InetSocketAddress(topology_->address(index, false), port));
}

void Simulation::gave_up(Ptr<Socket> socket) {
  for (std::size_t index = 0; index < connections_.size(); ++index) {
    const Connection& connection = *connections_[index];
    if (socket != connection.at_a && socket != connection.at_b) continue;
    failure_ = "TCP gave up connection " + std::to_string(spec_.edges[index].listed) + " (party " +
               std::to_string(spec_.edges[index].a) + " to " + std::to_string(spec_.edges[index].b) +
               "): too many retransmissions unanswered";
  }
  stepper_.halt_after_now();
}

void Simulation::send(std::int64_t t, std::size_t connection, bool forward, std::uint64_t id,
                      std::uint64_t bytes) {
  const std::size_t index = place_of(connection);
  if (bytes == 0) throw std::runtime_error("send: expected at least one byte, found 0");
  Stream& stream = connections_[index]->stream(forward != spec_.edges[index].turned);
  Simulator::Schedule(delay_until(t, "send"), &Stream::send, &stream, id, bytes);
}

std::optional<Delivered> Simulation::advance(std::int64_t limit) {
  if (due_.empty()) {
    const bool forever = limit >= sim_forever;
    if (!forever) delay_until(limit, "advance");
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
  return {{"bytes", stream.bytes_read()},         {"packets", link.packets},
          {"queue_drops", link.queue_drops},      {"lost", link.lost},
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
