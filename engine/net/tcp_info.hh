// What the kernel knows of a connection. A file of its own: <linux/tcp.h> and <netinet/tcp.h> exclude each
// other.
#pragma once

#include "engine/party/tcp_sample.hh"

namespace splitwan::engine {

struct TcpInfo {
  TcpSample sample;
  std::uint32_t retransmits = 0;  // segments sent again since the connection began
  std::uint64_t received = 0;     // bytes since then, whether read or not
  Nanos tls{};                    // spent since then on what protects them
};

// Nothing known where `socket` is no TCP socket or the kernel is too old (before 4.6 it keeps no least RTT).
TcpInfo tcp_info_of(int socket);

}  // namespace splitwan::engine
