// Where a step's time goes, as a closed form fitted to traces:
//   step = round trips x RTT + wire(bytes up) + wire(bytes down) + client(rows, context) + server(rows,
//   context)
//        + the drafter's own work + overhead
// Round trips and wire are physics (link.hh); the others are fitted, each on its own measured part of the
// step.
#pragma once

#include <optional>

#include "model/observation.hh"
#include "model/robust_fit.hh"

namespace splitwan::model {

constexpr int model_schema_version = 1;
constexpr const char* model_kind = "latency_model";  // the file says so under "kind"

// What one forward pass does. `share`: how often such a step occurs, for shapes that describe a drafter.
struct StepShape {
  double rows = 0, context = 0, bytes_up = 0, bytes_down = 0;
  double share = 1;
};

// Seconds of a step by cause.
struct Components {
  double rtt_s = 0, wire_s = 0, client_s = 0, server_s = 0, overhead_s = 0;
  double total_s() const { return rtt_s + wire_s + client_s + server_s + overhead_s; }
  void add(const Components&, double share);
};

Json to_json(const Components&);

// Seconds of a party's layers: fixed + per_row * rows + per_row_context * rows * context.
struct WorkCost {
  Coefficient fixed_s, per_row_s, per_row_context_s;
  double at(const StepShape&) const;
};

// Prompts and decode steps differ (large products against memory-bound ones), so each has its own.
struct PhaseModel {
  WorkCost client, server;
  Coefficient overhead_s;
  double window_bytes = 0;  // congestion window that a step's messages meet
  double residual_s = 0;    // robust standard deviation of a step about the prediction
  std::size_t steps = 0;
  Components step(const StepShape&, const Condition&) const;
};

// What a drafter makes of a step: how many tokens it gains, and the rows and bytes it sends for them.
struct DrafterModel {
  struct ClassGain {
    std::string prompt_class;
    std::size_t steps = 0;
    double tokens_per_step = 0;
  };
  std::string drafter;
  std::size_t runs = 0, steps = 0;
  double draft_s = 0;                   // client seconds per step for guessing and checking guesses
  std::vector<std::uint64_t> accepted;  // [k]: steps that gained k tokens
  std::vector<StepShape> shapes;        // one per number of rows; shares sum to 1
  std::vector<ClassGain> classes;
  double tokens_per_step() const;
  StepShape mean_shape() const;
};

struct Range {
  double low = 0, high = 0;
  bool holds(double value) const;
};

struct FittedCondition {
  Condition condition;
  std::size_t runs = 0, steps = 0;
};

struct LatencyModel {
  Json source = Json::object();  // compute, machine, plan, wire, geometry of the runs, as their headers say
  std::vector<FittedCondition> conditions;
  PhaseModel decode;
  std::optional<PhaseModel> prefill;
  Range rtt_s, up_bps, down_bps, rows, context;  // fitted on
  std::vector<DrafterModel> drafters;
  Json cross_validation = Json::object();  // a record for readers of the file

  const DrafterModel* find(const std::string& drafter) const;
  // Mean seconds of a decode step of this drafter.
  Components decode_step(const DrafterModel&, const Condition&) const;
};

// Throws Error without decode steps that crossed a network, and when runs differ in plan, wire, geometry or
// compute.
LatencyModel fit(const std::vector<engine::Run>&);
LatencyModel fit(const std::vector<Observation>&);  // `source` stays empty

StepShape shape_of(const Observation&);
// What one drafter's decode steps amount to. All of one drafter; not empty.
DrafterModel describe_drafter(const std::vector<Observation>& decode_steps);

Json to_json(const LatencyModel&);
LatencyModel model_of(const Json&, const std::string& name);  // throws Error naming `name` and the key
LatencyModel read_model_file(const std::string& path);

}  // namespace splitwan::model
