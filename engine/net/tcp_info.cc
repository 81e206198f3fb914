#include "engine/net/tcp_info.hh"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace splitwan::engine {

TcpInfo tcp_info_of(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  if (size < offsetof(tcp_info, tcpi_min_rtt) + sizeof info.tcpi_min_rtt) return {};
  using std::chrono::microseconds;
  TcpInfo found{{}, info.tcpi_total_retrans, info.tcpi_bytes_received};
  // tcpi_min_rtt is all ones until an acknowledgement has been timed.
  if (info.tcpi_min_rtt == ~0u) return found;
  found.sample.rtt = microseconds(info.tcpi_min_rtt);
  found.sample.rtt_spread = microseconds(info.tcpi_rttvar);
  found.sample.window = info.tcpi_snd_cwnd;
  found.sample.delivered_bps = info.tcpi_delivery_rate * 8;  // 0 before Linux 4.9
  return found;
}

}  // namespace splitwan::engine
