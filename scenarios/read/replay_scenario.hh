// A scenario without tensors: recorded or stated batches, a profile's costs, a network.
//
// {"name", "summary", "network": {..}, "seed", "sweep": {..},
//  "replay": {"trace": "t.jsonl", "profile": "p.json"}            what ran, over another network or machine
//         or {"batches": {"name", "prompt", "steps", "wide_every", "wide_rows": [9, 17], "tokens_per_step"},
//             "profile": "p.json"}                                what is said to have run
//         or {"decoding": "d.json", "profile": "p.json"}          the steps of recorded runs, one run each
//          "noise": "n.json"                                      their costs vary as recorded ones did
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/party/trace.hh"
#include "netsim/time/compute_noise.hh"
#include "netsim/time/replay.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

struct ReplayCell {
  std::string name;
  NetworkChoice network;
  std::string trace;                     // empty: batches
  std::vector<netsim::Batches> batches;  // one run each
  std::optional<netsim::ComputeNoise> noise;
  std::optional<netsim::Profile> profile;  // none: the trace's own durations and bytes
  std::uint64_t seed = 1;
  Json resolved;
};

bool is_replay(const Json& scenario);

// One cell per combination of the sweep. Throws Error naming file and key.
std::vector<ReplayCell> read_replays(const Json& scenario, const std::string& file);

// Runs the cells, as many at once as there are cores: one run per cell, or per run of its trace, in the
// cells' order and complete. `progress(done, total, what)` may come from any thread, one at a time.
std::vector<engine::Run> run_replays(
    const std::vector<ReplayCell>&,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress);

}  // namespace splitwan::scenarios
