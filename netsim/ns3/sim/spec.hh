// What `open` asks for, as plain C++17 values. Throws Error that names the field and what it expected.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim::sim {

// Edges are kept in the order of their parties, the lower one as a: what happens must not depend on how they
// were listed. Queues are resolved.
struct Edge {
  std::uint32_t a = 0, b = 0;
  LinkSpec forward, backward;
  OtherSessions sessions;  // their clients are where its first party was listed
  std::size_t listed = 0;  // its place in `open`
  bool turned = false;     // there b came first

  const LinkSpec& link(bool is_forward) const { return is_forward ? forward : backward; }
  LinkTime rtt() const { return forward.delay + backward.delay; }
  std::string where() const { return "open: edges[" + std::to_string(listed) + "]"; }
  std::string where(bool is_forward) const {
    return where() + (is_forward != turned ? ": forward" : ": backward");
  }
};

struct Tcp {
  std::string congestion, rto_form, app_limited_decay;
  std::uint32_t segment = 0, buffer = 0;  // bytes
  std::uint32_t initial_window = 0;       // segments
  std::uint32_t delayed_ack_segments = 0;
  std::int64_t min_rto_ns = 0, delayed_ack_timeout_ns = 0;
  bool slow_start_after_idle = false, nagle = false;
};

struct Spec {
  std::uint64_t seed = 0;
  Tcp tcp;
  std::vector<Edge> edges;
  std::vector<std::size_t> place;  // in `edges` of each edge as it was listed
  std::string pcap, fault;

  std::uint32_t parties() const;  // highest party + 1
  LinkTime longest_rtt() const;
};

Spec parse_spec(const std::string& text);

// The link that is built: another one than asked for if the spec wants a fault.
LinkSpec as_built(const LinkSpec& link, const std::string& fault);

}  // namespace splitwan::netsim::sim
