#include "netsim/ns3/sim/spec.hh"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/base/json_fields.hh"
#include "engine/base/link_json.hh"
#include "engine/base/tcp_constants.hh"
#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim::sim {
namespace {

using engine::flag;
using engine::integer;
using engine::member;
using engine::parse_link;
using engine::refuse;
using engine::text;
using nlohmann::json;

constexpr std::int64_t longest_timer = 3'600'000'000'000;  // an hour: beyond it a unit was mistaken
constexpr std::uint32_t header_bytes = engine::tcp::header_bytes;
constexpr std::uint32_t least_segment = 88;  // Linux's TCP_MIN_MSS

// One of `choices`.
std::string choice(const json& object, const char* key, const std::string& where, const char* expected,
                   std::initializer_list<const char*> choices) {
  const std::string value = text(object, key, where);
  if (std::find(choices.begin(), choices.end(), value) == choices.end())
    refuse(where + "." + key, expected, value);
  return value;
}

Tcp parse_tcp(const json& object) {
  const std::string where = "open.tcp";
  const auto timer = [&](const char* key) {
    return integer<std::int64_t>(object, key, where, 1, longest_timer);
  };
  Tcp tcp;
  tcp.congestion = choice(object, "congestion", where, "cubic-linux, cubic, reno or bbr",
                          {"cubic-linux", "cubic", "reno", "bbr"});
  tcp.segment = integer<std::uint32_t>(object, "segment_bytes", where, least_segment, 65535 - header_bytes);
  tcp.buffer = integer<std::uint32_t>(object, "buffer_bytes", where, 4096, 1u << 30);
  tcp.initial_window = integer<std::uint32_t>(object, "initial_window", where, 1, 1000);
  tcp.min_rto_ns = timer("min_rto_ns");
  tcp.rto_form = choice(object, "rto_form", where, "linux or rfc6298", {"linux", "rfc6298"});
  tcp.delayed_ack_segments = integer<std::uint32_t>(object, "delayed_ack_segments", where, 1, 1000);
  tcp.delayed_ack_timeout_ns = timer("delayed_ack_timeout_ns");
  tcp.slow_start_after_idle = flag(object, "slow_start_after_idle", where);
  tcp.app_limited_decay =
      choice(object, "app_limited_decay", where, "off, linux or rfc2861", {"off", "linux", "rfc2861"});
  return tcp;
}

// An IP fragment would not be TCP as Linux sends it.
void expect_room(const LinkSpec& link, std::uint32_t segment, const std::string& where) {
  const auto fits = [&](const LinkState& state, const std::string& here) {
    if (segment + header_bytes > state.mtu)
      refuse(here + ".mtu", "at least segment_bytes + " + std::to_string(header_bytes), state.mtu);
  };
  fits(link, where);
  for (std::size_t i = 0; i < link.schedule.size(); ++i)
    fits(link.schedule[i].link, where + ".schedule[" + std::to_string(i) + "]");
}

Edge parse_edge(const json& object, std::size_t listed, std::uint32_t segment) {
  Edge edge;
  edge.listed = listed;
  const std::string where = edge.where();
  edge.a = integer<std::uint32_t>(object, "a", where, 0, 99'999);
  edge.b = integer<std::uint32_t>(object, "b", where, 0, 99'999);
  if (edge.a == edge.b) refuse(where, "two different parties", edge.a);
  for (const bool forward : {true, false}) {
    LinkSpec& link = forward ? edge.forward : edge.backward;
    link = parse_link(member(object, forward ? "forward" : "backward", where), edge.where(forward));
    expect_room(link, segment, edge.where(forward));
  }
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
  const json root = json::parse(line, nullptr, false);
  if (!root.is_object()) throw std::runtime_error("open: expected one JSON object, found something else");
  const int protocol = integer<int>(root, "protocol", "open", 0, INT32_MAX);
  if (protocol != sim_protocol) refuse("open.protocol", std::to_string(sim_protocol), protocol);

  Spec spec;
  spec.seed = integer<std::uint64_t>(root, "seed", "open", 0, UINT64_MAX);
  spec.tcp = parse_tcp(member(root, "tcp", "open"));
  if (root.contains("pcap")) spec.pcap = text(root, "pcap", "open");
  if (root.contains("fault"))
    spec.fault = choice(root, "fault", "open", "delay, rate or loss", {"delay", "rate", "loss"});

  const json& edges = member(root, "edges", "open");
  if (!edges.is_array() || edges.empty()) refuse("open.edges", "at least one edge", edges);
  for (const json& object : edges)
    spec.edges.push_back(parse_edge(object, spec.edges.size(), spec.tcp.segment));
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
