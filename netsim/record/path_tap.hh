// Watches the packets between here and a server, and sends it probes: an ICMP echo of 76 bytes each 20 ms,
// and behind each fifth one another and one of 1,400 bytes: 0.15 Mbit/s each way.
#pragma once

#include <netinet/in.h>

#include <atomic>
#include <string>
#include <thread>

#include "netsim/kernel/file.hh"
#include "netsim/record/seen.hh"

namespace splitwan::netsim {

class PathTap {
 public:
  // In the calling thread's network namespace. port 0: any. Throws Error without root (CAP_NET_RAW), and
  // where `host` has no IPv4 address.
  PathTap(const std::string& host, std::uint16_t port);
  ~PathTap();
  PathTap(const PathTap&) = delete;

  Seen finish();  // stops; what was seen

 private:
  void watch();
  void probe();
  void take(const unsigned char* packet, std::size_t bytes, bool outgoing, LinkTime at);
  void stop();

  in_addr server_{};
  std::uint16_t port_;
  std::uint16_t mark_;  // ICMP's identifier: these probes are ours
  File tap_, icmp_;
  Seen seen_;
  std::atomic<bool> stop_ = false;
  std::thread watcher_, prober_;
};

}  // namespace splitwan::netsim
