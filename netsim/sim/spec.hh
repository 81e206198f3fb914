// What `open` asks for, as plain C++17 values. Throws std::runtime_error that names the field and what it
// expected.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace splitwan::netsim::sim {

struct Link {  // one direction
  std::int64_t delay_ns = 0;
  std::uint64_t bits_per_second = 0;
  double loss = 0;                // per packet
  std::uint64_t queue_bytes = 0;  // 0 = rate x RTT, at least 64 KiB
  std::uint32_t mtu = 1500;       // bytes of IP packet
};

struct Edge {
  std::uint32_t a = 0, b = 0;
  Link forward, backward;

  const Link& link(bool is_forward) const { return is_forward ? forward : backward; }
  std::int64_t rtt_ns() const { return forward.delay_ns + backward.delay_ns; }
};

struct Tcp {
  std::string congestion;
  std::uint32_t segment = 0, buffer = 0;  // bytes
  std::uint32_t initial_window = 0;       // segments
  std::int64_t min_rto_ns = 0;
};

struct Spec {
  std::uint64_t seed = 0;
  Tcp tcp;
  std::vector<Edge> edges;

  std::uint32_t parties() const;  // highest party + 1
  std::int64_t longest_rtt_ns() const;
};

Spec parse_spec(const std::string& text);
Link parse_link(const nlohmann::json& link, const std::string& where);

// The queue of one direction in bytes, 0 resolved.
std::uint64_t queue_bytes(const Link& link, std::int64_t rtt_ns);

}  // namespace splitwan::netsim::sim
