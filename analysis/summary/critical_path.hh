// What a step waited for, one thing after the other, back from its end: from the spans of all parties, which
// must be on one clock (virtual time).
#pragma once

#include <map>
#include <optional>

#include "engine/party/shards.hh"
#include "engine/party/trace.hh"

namespace splitwan::analysis {

struct CriticalPath {
  std::map<engine::ShardRole, double> work_s;  // by who worked
  double network_s = 0, idle_s = 0;            // idle: nobody of the path did anything that the trace shows
  std::uint32_t hops = 0;                      // messages waited for
  void add(const CriticalPath&);
};

class PathFinder {
 public:
  PathFinder(const engine::Run&, const engine::Sharding&);
  // Of the client's step.
  CriticalPath of(const engine::Step&) const;
  bool has_nodes() const { return parties_.size() > 1; }  // their spans are in the trace

 private:
  const engine::Span* sent(std::size_t party, std::size_t recv) const;
  struct Seen {
    std::vector<const engine::Span*> spans;  // in order
    std::vector<const engine::Span*> from;   // of each that is a recv: its send
  };
  std::map<engine::PartyId, Seen> parties_;
  engine::Sharding sharding_;
};

}  // namespace splitwan::analysis
