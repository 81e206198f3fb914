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
  // tcpi_min_rtt is all ones until an acknowledgement has been timed.
  if (info.tcpi_min_rtt == ~0u) return {{}, info.tcpi_total_retrans};
  return {{microseconds(info.tcpi_min_rtt), microseconds(info.tcpi_rttvar), info.tcpi_snd_cwnd},
          info.tcpi_total_retrans};
}

}  // namespace splitwan::engine
