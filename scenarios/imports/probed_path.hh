// What `splitwan link --probe` measured of a path, as its file says it, and the link that stands for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "netsim/link/link_spec.hh"
#include "netsim/link/recording.hh"

namespace splitwan::scenarios {

struct ProbedWay {
  double goodput_bps = 0;           // of messages; 0: not told
  bool at_least = false;            // it grew to the end
  std::uint64_t bytes = 0;          // that told it
  std::uint32_t first_window = 0;   // segments of a new connection's first flight; 0: not told
  std::uint32_t rested_window = 0;  // and of the first one after a rest
  double rested_s = 0;
  std::optional<bool> falls = {};  // whether the window closes while nothing is sent
};

struct ProbedPath {
  std::string path, protection;
  double elapsed_s = 0, connect_s = 0, session_s = 0;  // of all; until bytes, and until a session could begin
  std::uint32_t segment = 0;                           // bytes of data in one; 0: no TCP
  netsim::Spread round_trip;                           // of an idle connection's smallest messages
  double median_s = 0;
  ProbedWay up, down;
  std::uint32_t sent_again = 0;  // segments, by us
  std::vector<std::string> cannot_tell;

  double rate_bps(const ProbedWay&) const;  // of the link, headers included
  double rtt_s() const;                     // without the smallest message's own bits
  double jitter_s() const;  // scale of an exponential delay each way; 0 where it is no more than a clock's
};

engine::Json to_json(const ProbedPath&);
ProbedPath read_probed_path(const std::string& file);  // throws Error naming file and key

// What was not told stays as it was.
void apply(const ProbedPath&, netsim::LinkState& up, netsim::LinkState& down);
void apply(const ProbedPath&, netsim::TcpSpec&);

}  // namespace splitwan::scenarios
