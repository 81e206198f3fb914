// An emulated link inside ns-3 in real time: a process of its own (splitwan-link-ns3), as ns-3's licence and
// its C++17 ask for. Up to 100 Mbit/s it was 20-40 us late on average, at 1 Gbit/s 120-1800 us: so there is a
// ceiling.
#pragma once

#include <string>

#include "netsim/kernel/net_namespace.hh"
#include "netsim/kernel/running_link.hh"
#include "netsim/ns3/child_process.hh"

namespace splitwan::netsim {

inline constexpr double ns3_link_ceiling = 100e6;  // bit/s

class Ns3Link : public RunningLink {
 public:
  // Queues resolved. Throws Error naming what of the link ns-3 cannot carry in real time, and when the
  // process does not come up.
  Ns3Link(const NetNamespace& client, const NetNamespace& server, const LinkPair&, std::uint64_t seed);

  LinkReport report() override;
  void start_of_report() override;

 private:
  std::string ask(const std::string& line);
  std::string path_;
  ChildProcess process_;
};

}  // namespace splitwan::netsim
