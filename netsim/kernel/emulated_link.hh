// Two network namespaces joined by an emulated link that carries the kernel's own TCP.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "netsim/kernel/net_namespace.hh"
#include "netsim/kernel/running_link.hh"

namespace splitwan::netsim {

inline constexpr auto client_ip = "10.77.0.1", server_ip = "10.77.0.2";

enum class LinkEngine {
  tun,  // our delay line: whatever a LinkSpec says
  ns3   // ns-3 in real time: rate, delay, loss, queue; to 100 Mbit/s
};

struct LinkEngineRow {
  const char *name, *help;
  LinkTime usual_lateness;  // packets are later than this on average only where a machine is too busy
};
std::span<const LinkEngineRow> link_engines();  // in the order of LinkEngine

class EmulatedLink {
 public:
  // Throws Error without root, or where the engine cannot carry the link.
  explicit EmulatedLink(LinkPair, std::uint64_t seed = 1, LinkEngine = LinkEngine::tun);

  const NetNamespace& client() const { return client_; }
  const NetNamespace& server() const { return server_; }

  // Both at the same time, each on a thread of its own inside its namespace. Throws what the client throws,
  // else what the server throws. The server must end by itself once the client has gone.
  void run(const std::function<void()>& client, const std::function<void()>& server) const;

  LinkReport report() { return line_->report(); }
  void start_of_report() { line_->start_of_report(); }

 private:
  NetNamespace client_, server_;
  std::unique_ptr<RunningLink> line_;
};

}  // namespace splitwan::netsim
