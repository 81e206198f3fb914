// Runs as a gate keeps them, and their metrics.
#pragma once

#include <span>

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

// A gate's metrics, all of virtual time.
struct Metric {
  const char *name, *unit, *meaning;
  bool higher_is_better;
};
std::span<const Metric> gate_metrics();
std::string gate_metric_names();                   // "tokens_per_s, .."
const Metric& gate_metric(std::string_view name);  // throws Error naming the known ones

// One record per scenario name in the runs, in their order; the fingerprint is the caller's. Throws Error
// where a run's time is not virtual (measured compute, live connections), for no two of those are alike; not
// where they are to be looked at only.
enum class Times : std::uint8_t { exact, any };
std::vector<ScenarioRecord> records_of(const std::vector<engine::Run>&, Times = Times::exact);

RunRecord record_of(const engine::Run&);

std::map<std::string, double> metrics_of(const std::vector<RunRecord>&);

// Messages of a step that are alike in all but their instants as one, and jobs likewise: what a baseline
// keeps, in order of their first.
RunRecord grouped(RunRecord);

}  // namespace splitwan::analysis
