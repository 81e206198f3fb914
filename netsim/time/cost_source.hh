// What a job costs in virtual time. Recorded and reference costs are repeatable to the nanosecond; measured
// ones are not.
#pragma once

#include <functional>
#include <string>

#include "engine/party/trace.hh"
#include "engine/party/transport.hh"

namespace splitwan::netsim {

using engine::Nanos;
using engine::PartyId;

// Bytes of a message on the simulated wire; engine::wire_size unless a profile says otherwise.
using MessageSize = std::function<std::uint64_t(const engine::Message&)>;

using CostSource = std::function<Nanos(PartyId, const engine::Work&, Nanos measured)>;

// As long as it took here, now.
CostSource measured_cost();

// The larger of arithmetic at `flops` and memory traffic at `bytes_per_s`, plus a fixed cost per job.
struct Rates {
  double flops = 50e9, bytes_per_s = 20e9;
  Nanos per_job = std::chrono::microseconds(5);
};
// The built-in `reference` profile: every party is one such machine (about two desktop CPU cores in f32).
CostSource reference_cost(const Rates& = {});

// What each party's jobs took in an earlier run, in their order. Throws Error when this run does other work:
// names the party, the step and both jobs.
CostSource recorded_cost(const engine::Run&, const std::string& source_name);

}  // namespace splitwan::netsim
