#include "netsim/record/path_tap.hh"

#include <arpa/inet.h>
#include <linux/icmp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netdb.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/base/error.hh"

namespace splitwan::netsim {

using engine::Error;

namespace {

constexpr auto probe_gap = std::chrono::milliseconds(20);
constexpr int large_each = 5;
constexpr std::size_t small_bytes = 76, large_bytes = 1400;  // of the IP packet
constexpr std::size_t ip_bytes = 20;
constexpr int most_waiting = 64 << 20;  // bytes of packets that wait for the tap

in_addr address_of(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0 || found == nullptr)
    throw Error("record: {}: expected a host with an IPv4 address, found none", host);
  const in_addr address = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
  freeaddrinfo(found);
  return address;
}

File open_socket(int family, int type, int protocol) {
  File file(socket(family, type | SOCK_CLOEXEC, protocol));
  if (!file)
    throw Error("record: no socket to watch with: {} (it needs root: CAP_NET_RAW)", std::strerror(errno));
  return file;
}

std::uint16_t checksum(const std::vector<unsigned char>& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += bytes[i] << 8 | bytes[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

template <typename Header>
Header header_at(const unsigned char* bytes) {
  Header header;
  std::memcpy(&header, bytes, sizeof header);
  return header;
}

LinkTime stamp_of(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    const auto t = header_at<timespec>(CMSG_DATA(c));
    return std::chrono::seconds(t.tv_sec) + LinkTime(t.tv_nsec);
  }
  return std::chrono::system_clock::now().time_since_epoch();
}

}  // namespace

PathTap::PathTap(const std::string& host, std::uint16_t port)
    : server_(address_of(host)),
      port_(port),
      mark_(static_cast<std::uint16_t>(getpid())),
      tap_(open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL))),  // only taps of all see what leaves
      icmp_(open_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)) {
  const int on = 1;
  setsockopt(tap_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(tap_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &most_waiting, sizeof most_waiting);
  const timeval patience{0, 50'000};
  setsockopt(tap_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const icmp_filter nothing{~0u};  // the tap sees the answers
  setsockopt(icmp_.get(), SOL_RAW, ICMP_FILTER, &nothing, sizeof nothing);
  watcher_ = std::thread([this] { watch(); });
  prober_ = std::thread([this] { probe(); });
}

PathTap::~PathTap() { stop(); }

void PathTap::stop() {
  stop_ = true;
  if (watcher_.joinable()) watcher_.join();
  if (prober_.joinable()) prober_.join();
}

Seen PathTap::finish() {
  stop();
  tpacket_stats counts{};
  socklen_t size = sizeof counts;
  if (getsockopt(tap_.get(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0)
    seen_.missed = counts.tp_drops;
  return std::move(seen_);
}

void PathTap::watch() {
  std::array<unsigned char, 128> packet{};
  std::array<char, 256> control{};
  sockaddr_ll from{};
  while (!stop_) {
    iovec into{packet.data(), packet.size()};
    msghdr message{&from, sizeof from, &into, 1, control.data(), control.size(), 0};
    const ssize_t bytes = recvmsg(tap_.get(), &message, MSG_TRUNC);
    if (bytes < static_cast<ssize_t>(ip_bytes) || from.sll_protocol != htons(ETH_P_IP)) continue;
    take(packet.data(), std::min<std::size_t>(static_cast<std::size_t>(bytes), packet.size()),
         from.sll_pkttype == PACKET_OUTGOING, stamp_of(message));
  }
}

void PathTap::take(const unsigned char* packet, std::size_t bytes, bool outgoing, LinkTime at) {
  const auto ip = header_at<iphdr>(packet);
  const std::size_t header = 4u * ip.ihl;
  // Over loopback each packet passes twice: it counts where it belongs.
  const bool up = outgoing && ip.daddr == server_.s_addr, down = !outgoing && ip.saddr == server_.s_addr;
  if (!up && !down) return;
  const std::uint32_t whole = ntohs(ip.tot_len);
  if (ip.protocol == IPPROTO_ICMP && bytes >= header + sizeof(icmphdr)) {
    const auto echo = header_at<icmphdr>(packet + header);
    if (echo.un.echo.id != mark_ || echo.type != (up ? ICMP_ECHO : ICMP_ECHOREPLY)) return;
    seen_.probes.push_back({at, up, ntohs(echo.un.echo.sequence), whole});
    return;
  }
  if (ip.protocol != IPPROTO_TCP || bytes < header + sizeof(tcphdr)) return;
  const auto tcp = header_at<tcphdr>(packet + header);
  const std::uint16_t there = ntohs(up ? tcp.dest : tcp.source), here = ntohs(up ? tcp.source : tcp.dest);
  if (port_ != 0 && there != port_) return;
  const std::uint32_t before = static_cast<std::uint32_t>(header) + 4u * tcp.doff;
  seen_.packets.push_back({at, up, tcp.syn != 0, here, ntohs(ip.id), ntohl(tcp.seq), ntohl(tcp.ack_seq),
                           whole > before ? whole - before : 0});
}

void PathTap::probe() {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr = server_;
  std::uint16_t number = 0;
  const auto send = [&](std::size_t ip_packet) {
    std::vector<unsigned char> bytes(ip_packet - ip_bytes);
    icmphdr echo{};
    echo.type = ICMP_ECHO;
    echo.un.echo.id = mark_;
    echo.un.echo.sequence = htons(number++);
    std::memcpy(bytes.data(), &echo, sizeof echo);
    echo.checksum = checksum(bytes);
    std::memcpy(bytes.data(), &echo, sizeof echo);
    sendto(icmp_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to),
           sizeof to);
  };
  auto next = std::chrono::steady_clock::now();
  for (int turn = 0; !stop_; ++turn) {
    send(small_bytes);
    if (turn % large_each == 0) {
      send(small_bytes);  // the first one woke whoever slept on its way
      send(large_bytes);
    }
    std::this_thread::sleep_until(next += probe_gap);
  }
}

}  // namespace splitwan::netsim
