#include "netsim/sim/spec.hh"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "netsim/sim_protocol.hh"

namespace splitwan::netsim::sim {
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& where, const std::string& expected, const json& found) {
  throw std::runtime_error(where + ": expected " + expected + ", found " + found.dump());
}

const json& member(const json& object, const char* key, const std::string& where) {
  if (!object.is_object() || !object.contains(key))
    throw std::runtime_error(where + "." + key + " is missing");
  return object[key];
}

// An integer within [low, high]; low is never negative.
template <typename Int>
Int integer(const json& object, const char* key, const std::string& where, Int low, Int high) {
  const json& value = member(object, key, where);
  const bool fits = value.is_number_unsigned() &&
                    value.get<std::uint64_t>() >= static_cast<std::uint64_t>(low) &&
                    value.get<std::uint64_t>() <= static_cast<std::uint64_t>(high);
  if (!fits)
    refuse(where + "." + key, "an integer from " + std::to_string(low) + " to " + std::to_string(high),
           value);
  return value.get<Int>();
}

constexpr std::int64_t kLongestDelay = 3'600'000'000'000;  // an hour: beyond it a unit was mistaken
constexpr std::uint32_t kHeaderBytes = 52;                 // IPv4 20, TCP 20, timestamps 12
constexpr std::uint32_t kPppBytes = 2;                     // what a queue holds besides the IP packet

}  // namespace

std::uint32_t Spec::parties() const {
  std::uint32_t highest = 0;
  for (const Edge& edge : edges) highest = std::max({highest, edge.a, edge.b});
  return highest + 1;
}

std::int64_t Spec::longest_rtt_ns() const {
  std::int64_t longest = 0;
  for (const Edge& edge : edges) longest = std::max(longest, edge.rtt_ns());
  return longest;
}

std::uint64_t queue_bytes(const Link& link, std::int64_t rtt_ns) {
  if (link.queue_bytes != 0) return link.queue_bytes;
  const double product = static_cast<double>(link.bits_per_second) / 8 * static_cast<double>(rtt_ns) * 1e-9;
  return static_cast<std::uint64_t>(std::clamp(product, 65536.0, 4294967295.0));  // ns-3 keeps 32 bits
}

Link parse_link(const json& object, const std::string& where) {
  Link link;
  link.delay_ns = integer<std::int64_t>(object, "delay_ns", where, 0, kLongestDelay);
  const json& rate = member(object, "bps", where);
  if (!rate.is_number() || !(rate.get<double>() >= 1 && rate.get<double>() <= 1e15))
    refuse(where + ".bps", "a finite rate from 1 to 1e15 bit/s", rate);
  link.bits_per_second = static_cast<std::uint64_t>(std::llround(rate.get<double>()));
  const json& loss = member(object, "loss", where);
  if (!loss.is_number() || !(loss.get<double>() >= 0 && loss.get<double>() < 1))
    refuse(where + ".loss", "a probability below 1", loss);
  link.loss = loss.get<double>();
  if (object.contains("mtu")) link.mtu = integer<std::uint32_t>(object, "mtu", where, 576, 65535);
  link.queue_bytes = integer<std::uint64_t>(object, "queue_bytes", where, 0, UINT32_MAX);
  if (link.queue_bytes != 0 && link.queue_bytes < link.mtu + kPppBytes)
    refuse(where + ".queue_bytes",
           "room for one packet of " + std::to_string(link.mtu + kPppBytes) + " bytes, or 0",
           link.queue_bytes);
  return link;
}

Spec parse_spec(const std::string& text) {
  json root = json::parse(text, nullptr, false);
  if (root.is_discarded()) throw std::runtime_error("open: expected one JSON object, found something else");
  const int protocol = integer<int>(root, "protocol", "open", 0, INT32_MAX);
  if (protocol != kSimProtocol) refuse("open.protocol", std::to_string(kSimProtocol), protocol);

  Spec spec;
  spec.seed = integer<std::uint64_t>(root, "seed", "open", 0, UINT64_MAX);
  const json& tcp = member(root, "tcp", "open");
  spec.tcp.congestion = member(tcp, "congestion", "open.tcp").get<std::string>();
  spec.tcp.segment = integer<std::uint32_t>(tcp, "segment_bytes", "open.tcp", 1, 65535 - kHeaderBytes);
  spec.tcp.buffer = integer<std::uint32_t>(tcp, "buffer_bytes", "open.tcp", 4096, 1u << 30);
  spec.tcp.initial_window = integer<std::uint32_t>(tcp, "initial_window", "open.tcp", 1, 1000);
  spec.tcp.min_rto_ns = integer<std::int64_t>(tcp, "min_rto_ns", "open.tcp", 1, kLongestDelay);

  const json& edges = member(root, "edges", "open");
  if (!edges.is_array() || edges.empty()) refuse("open.edges", "at least one edge", edges);
  for (const json& object : edges) {
    const std::string where = "open.edges[" + std::to_string(spec.edges.size()) + "]";
    Edge edge;
    edge.a = integer<std::uint32_t>(object, "a", where, 0, 99'999);
    edge.b = integer<std::uint32_t>(object, "b", where, 0, 99'999);
    if (edge.a == edge.b) refuse(where, "two different parties", object["a"]);
    edge.forward = parse_link(member(object, "forward", where), where + ".forward");
    edge.backward = parse_link(member(object, "backward", where), where + ".backward");
    for (const Link* link :
         {&edge.forward, &edge.backward})  // an IP fragment would not be TCP as Linux sends it
      if (spec.tcp.segment + kHeaderBytes > link->mtu)
        refuse(where + ".mtu", "at least segment_bytes + " + std::to_string(kHeaderBytes), link->mtu);
    spec.edges.push_back(edge);
  }
  return spec;
}

}  // namespace splitwan::netsim::sim
