#include "netsim/ns3/sim/spec.hh"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/base/json_file.hh"
#include "engine/base/link_json.hh"
#include "engine/base/tcp_constants.hh"
#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim::sim {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

constexpr std::int64_t longest_timer = 3'600'000'000'000;  // an hour: beyond it a unit was mistaken
constexpr std::uint32_t header_bytes = engine::tcp::header_bytes;
constexpr std::uint32_t least_segment = 88;  // Linux's TCP_MIN_MSS

// One of `choices`.
std::string choice(ObjectReader& r, const char* key, const char* expected,
                   std::initializer_list<const char*> choices) {
  auto value = r.need<std::string>(key);
  if (std::find(choices.begin(), choices.end(), value) == choices.end())
    throw Error("{}: expected {}, found \"{}\"", r.path(key), expected, value);
  return value;
}

Tcp tcp_of(ObjectReader r) {
  const auto timer = [&](const char* key) { return r.whole<std::int64_t>(key, 1, longest_timer); };
  Tcp tcp;
  // Not ns-3's BBR: over 35 ms a ping-pong of one row takes it 27 round trips, so nobody should read it.
  tcp.congestion = choice(r, "congestion", "cubic-linux, cubic or reno", {"cubic-linux", "cubic", "reno"});
  tcp.segment = r.whole<std::uint32_t>("segment_bytes", least_segment, 65535 - header_bytes);
  tcp.buffer = r.whole<std::uint32_t>("buffer_bytes", 4096, 1u << 30);
  tcp.initial_window = r.whole<std::uint32_t>("initial_window", 1, 1000);
  tcp.min_rto_ns = timer("min_rto_ns");
  tcp.rto_form = choice(r, "rto_form", "linux or rfc6298", {"linux", "rfc6298"});
  tcp.delayed_ack_segments = r.whole<std::uint32_t>("delayed_ack_segments", 1, 1000);
  tcp.delayed_ack_timeout_ns = timer("delayed_ack_timeout_ns");
  tcp.slow_start_after_idle = r.need<bool>("slow_start_after_idle");
  tcp.app_limited_decay =
      choice(r, "app_limited_decay", "off, linux or rfc2861", {"off", "linux", "rfc2861"});
  tcp.nagle = r.get("nagle", false);
  r.done();
  return tcp;
}

// An IP fragment would not be TCP as Linux sends it.
void expect_room(const LinkSpec& link, std::uint32_t segment, const std::string& where) {
  const auto fits = [&](const LinkState& state, const std::string& here) {
    if (segment + header_bytes > state.mtu)
      throw Error("{}: mtu: expected at least segment_bytes + {}, found {}", here, header_bytes, state.mtu);
  };
  fits(link, where);
  for (std::size_t i = 0; i < link.schedule.size(); ++i)
    fits(link.schedule[i].link, fmt::format("{}: schedule[{}]", where, i));
}

Edge parse_edge(const Json& object, std::size_t listed, std::uint32_t segment) {
  Edge edge;
  edge.listed = listed;
  ObjectReader r(object, edge.where());
  edge.a = r.whole<std::uint32_t>("a", 0, 99'999);
  edge.b = r.whole<std::uint32_t>("b", 0, 99'999);
  if (edge.a == edge.b) throw Error("{}: expected two different parties, found {}", r.where(), edge.a);
  for (const bool forward : {true, false}) {
    LinkSpec& link = forward ? edge.forward : edge.backward;
    link = engine::parse_link(r.at(forward ? "forward" : "backward"), edge.where(forward));
    expect_room(link, segment, edge.where(forward));
  }
  if (r.find("sessions")) edge.sessions = engine::parse_sessions(r.child("sessions"));
  r.done();
  resolve_queues(edge.forward, edge.rtt());
  resolve_queues(edge.backward, edge.rtt());
  edge.turned = edge.a > edge.b;
  if (edge.turned) {
    std::swap(edge.a, edge.b);
    std::swap(edge.forward, edge.backward);
  }
  return edge;
}

}  // namespace

std::uint32_t Spec::parties() const {
  std::uint32_t highest = 0;
  for (const Edge& edge : edges) highest = std::max({highest, edge.a, edge.b});
  return highest + 1;
}

LinkTime Spec::longest_rtt() const {
  LinkTime longest{};
  for (const Edge& edge : edges) longest = std::max(longest, edge.rtt());
  return longest;
}

Spec parse_spec(const std::string& line) {
  const Json root = Json::parse(line, nullptr, false);
  if (!root.is_object()) throw Error("open: expected one JSON object, found something else");
  ObjectReader r(root, "open");
  if (const int protocol = r.need<int>("protocol"); protocol != sim_protocol)
    throw Error("{}: expected {}, found {}", r.path("protocol"), sim_protocol, protocol);

  Spec spec;
  spec.seed = r.need<std::uint64_t>("seed");
  spec.tcp = tcp_of(r.child("tcp"));
  spec.pcap = r.get("pcap", spec.pcap);
  if (r.find("fault")) spec.fault = choice(r, "fault", "delay, rate or loss", {"delay", "rate", "loss"});
  for (const Json& object : r.list("edges"))
    spec.edges.push_back(parse_edge(object, spec.edges.size(), spec.tcp.segment));
  if (spec.edges.empty()) throw Error("{}: expected at least one edge, found none", r.path("edges"));
  r.done();
  std::stable_sort(spec.edges.begin(), spec.edges.end(),
                   [](const Edge& x, const Edge& y) { return std::tie(x.a, x.b) < std::tie(y.a, y.b); });
  spec.place.resize(spec.edges.size());
  for (std::size_t i = 0; i < spec.edges.size(); ++i) spec.place[spec.edges[i].listed] = i;
  return spec;
}

LinkSpec as_built(const LinkSpec& asked, const std::string& fault) {
  LinkSpec link = asked;
  if (fault == "delay") link.delay += link.delay / 100 + std::chrono::microseconds(20);
  if (fault == "rate") link.bits_per_second *= 0.95;
  if (fault == "loss") link.loss = std::min(0.9, 0.1 + 4 * link.loss);
  return link;
}

}  // namespace splitwan::netsim::sim
