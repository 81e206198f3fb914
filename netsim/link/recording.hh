// A live path as it was seen while a run used it: the link file. And the link that plays it again.
#pragma once

#include <string>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

// Of a series of durations, in seconds.
struct Spread {
  std::size_t count = 0;
  double least_s = 0, mean_s = 0, spread_s = 0, p95_s = 0;  // spread: standard deviation
  double autocorrelation = 0;                               // with the sample before
};
Spread spread_of(const std::vector<double>& seconds);

struct RecordedWay {
  double rate_bps = 0;                     // 0: not told
  std::string rate_from = "";              // what told it
  std::uint64_t packets = 0, payload = 0;  // of the watched connections, as far as they were seen; bytes
  std::vector<std::uint64_t> losses = {};  // as LinkSpec::losses
  double losses_in_a_row = 0;              // mean; 0: none
};

struct RecordedPoint {
  LinkTime at{};  // since the connection stood; ascending
  double value = 0;
};

enum class Play {
  constant,  // it varied by no more than a probe does: its mean
  series,    // as it went
  law        // each packet of its own: mean and spread
};
const char* name_of(Play play);

struct Recording {
  std::string path;     // HOST:PORT
  LinkTime duration{};  // until the last packet
  std::uint32_t connections = 0, idle_restarts = 0;
  std::uint64_t missed = 0;  // packets that the recorder was too slow for
  Play play = Play::constant;
  Spread round_trip, acknowledgements;  // probes, our own queue left out; per acknowledgement, with it
  double queue_bytes_at_least = 0;      // found by probes behind our own packets; 0: not told
  RecordedWay up, down;
  std::vector<RecordedPoint> round_trips;  // seconds, without the probe's own bits
  std::vector<RecordedPoint> rate_shares;  // of rate_bps, from then on; empty: it did not change
  std::vector<std::string> cannot_tell;    // by name
};

void write_recording(const std::string& path, const Recording& recording);
Recording read_recording(const std::string& path);  // throws Error naming file and key

// Half of the round trip each way. A run that is longer than the recording finds it again from its beginning.
// What the links say of queue, MTU and chance stays; where a rate was not told, that too.
void apply(const Recording& recording, LinkSpec& up, LinkSpec& down);

}  // namespace splitwan::netsim
