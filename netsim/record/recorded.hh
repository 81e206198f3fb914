// What was seen of a path, made into its recording.
#pragma once

#include <string>

#include "netsim/link/recording.hh"
#include "netsim/record/seen.hh"

namespace splitwan::netsim {

// `path`: HOST:PORT, for errors and for people. Throws Error where no connection with data was seen.
Recording recorded(const Seen& seen, const std::string& path);

// Its parts. Times are as seen.

// What the packets of connections tell of losses, one direction each; `least_s`: the shortest round trip. On
// the way up a loss is a segment that was sent again, not acknowledged too soon for that, and not because its
// answer was lost; on the way down a
// gap in the server's count of packets, where it had data: in the sequence, or before an answer that came
// later than a timeout. `counts`: false where the server's packets carry no count.
RecordedWay losses_up(const Seen& seen, double least_s);
RecordedWay losses_down(const Seen& seen, double least_s, bool& counts);

struct PathRates {
  double up_bps = 0, down_bps = 0;  // 0: not told
  std::string up_from, down_from;
};
// `large_pair_s`: by how much large probes came later than the small ones right before them. `shares`: how
// the rates went since `origin`; what is returned is what 1 stands for.
PathRates path_rates(const Seen& seen, double least_s, double large_pair_s,
                     const std::vector<RecordedPoint>& shares = {}, LinkTime origin = {});
double share_at(const std::vector<RecordedPoint>& shares,
                LinkTime at);  // the first one's before it; of none: 1

inline constexpr double framing = ppp_bytes;
inline constexpr double probe_large = 1400;  // bytes; see path_tap.hh

inline double between(LinkTime from, LinkTime to) { return static_cast<double>((to - from).count()) / 1e9; }

}  // namespace splitwan::netsim
