// A scenario without tensors: recorded or stated batches, a profile's costs, a network.
// Its keys: replay_schema().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/party/shard_terms.hh"
#include "engine/party/trace.hh"
#include "netsim/time/compute_noise.hh"
#include "netsim/time/replay.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

struct ReplayCell {
  std::string name;
  NetworkChoice network;
  std::string trace;                          // empty: batches
  std::vector<netsim::Batches> batches;       // one run each
  std::optional<engine::ShardTerms> cascade;  // batches of sharded tokens
  std::optional<netsim::ComputeNoise> noise;
  std::optional<netsim::Profile> profile;  // none: the trace's own durations and bytes
  std::uint64_t seed = 1;
  std::uint32_t repeat = 1;  // each run so often, with seeds of its own
  Json resolved;
};

std::vector<SchemaKey> replay_schema();  // but for the network's

// One cell per combination of the sweep. Throws Error naming file and key.
std::vector<ReplayCell> read_replays(const Json& scenario, const std::string& file);

// Runs the cells, so many at once (0: as many as there are cores): one run per cell, or per run of its trace,
// in the cells' order and complete. `progress(done, total, what)` and `finished(run)` may come from any
// thread, one at a time.
std::vector<engine::Run> run_replays(
    const std::vector<ReplayCell>&,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress,
    std::size_t at_once = 0, const std::function<void(const engine::Run&)>& finished = {});

}  // namespace splitwan::scenarios
