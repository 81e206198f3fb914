// Where a step's time goes, as a closed form fitted to traces:
//   step = client(rows, context) + server(rows, context) + the drafter's own work + overhead
//        + RTT x flights(bytes, window) + bytes / rate + loss recovery + jitter
// The network's part is a connection's (connection.hh): physics, followed packet by packet. The others are
// fitted, each on its own measured part of the step.
#pragma once

#include <cmath>
#include <optional>
#include <span>

#include "model/fit/acceptance.hh"
#include "model/fit/robust_fit.hh"
#include "model/observe/observation.hh"
#include "model/path/connection.hh"

namespace splitwan::model {

// What one forward pass does. `share`: how often such a step occurs, for shapes that describe a drafter.
struct StepShape {
  double rows = 0, context = 0, bytes_up = 0, bytes_down = 0;
  double share = 1;
};

// Seconds of a step by cause.
struct Components {
  double rtt_s = 0, wire_s = 0, client_s = 0, server_s = 0, overhead_s = 0;
  double recovery_s = 0, timeout_s = 0,
         jitter_s = 0;  // of losses, by retransmission and by timeout; of jitter
  double loss_s() const { return recovery_s + timeout_s; }
  double total_s() const { return rtt_s + wire_s + client_s + server_s + overhead_s + loss_s() + jitter_s; }
  void add(const Components&, double share);
};

// Seconds of a party's layers: fixed + per_row * rows + per_row_context * rows * context.
struct WorkCost {
  Coefficient fixed_s, per_row_s, per_row_context_s;
  double at(const StepShape&) const;
};

// Prompts and decode steps differ (large products against memory-bound ones), so each has its own.
struct PhaseModel {
  WorkCost client, server;
  Coefficient overhead_s;
  double lead_share = 0;    // of the client's work, before its request is out
  double stragglers_s = 0;  // what the few wild steps, which the coefficients pass over, add to the mean
  double residual_s = 0;    // robust standard deviation of a step about the prediction
  WorkNoise noise;          // about the mean step, where the network leaves nothing to chance
  std::size_t steps = 0;
  Components step(const std::vector<engine::Exchange>&, const Waits&) const;
  // What a step of this shape asks of both parties; a prompt goes in chunks.
  std::vector<engine::Exchange> exchanges(const StepShape&, bool prompt) const;
};

// What losses and jitter were measured to cost, as multiples of theory; without such links among the runs
// unknown. Applied only where nobody stated the link, for there TCP is not the one that theory follows.
struct ChanceModel {
  Coefficient loss{1, NAN}, jitter{1, NAN};
  bool applied = false;
  Chance values() const { return applied ? Chance{loss.value, jitter.value} : Chance{}; }
};

// What a drafter makes of a step: how many tokens it gains, and the rows and bytes it sends for them.
struct DrafterModel {
  std::string drafter;
  std::size_t runs = 0, steps = 0;
  double draft_s = 0;              // client seconds per step for guessing and checking guesses
  Acceptance acceptance;           // tokens gained per step
  std::vector<StepShape> shapes;   // one per number of rows; shares sum to 1
  StepShape prompt;                // mean of its runs' prompts; no rows where the traces have none
  std::vector<StepShape> prompts;  // one per size; shares sum to 1
  double tokens_per_step() const { return acceptance.mean(); }
  std::size_t steps_per_run() const {
    return std::max<std::size_t>(1, steps / std::max<std::size_t>(1, runs));
  }
  StepShape mean_shape() const;
  double most_rows() const;  // of any step: no step gains more tokens
};

struct Range {
  double low = 0, high = 0;
  bool holds(double value) const;
};

struct FittedCondition {
  Condition condition;
  std::size_t runs = 0, steps = 0;
};

// What a run comes to.
struct Answer {
  Components prompt, step;       // step: the mean one
  std::vector<double> by_world;  // seconds of the mean step
  bool by_chance = false;        // the link loses packets or delays them by chance
  bool fragile = false;          // that, or work that varies decides what comes after
  std::vector<double> steps_s;   // of every step, in every world, its work as it is typically
};

struct LatencyModel {
  Json source = Json::object();  // compute, machine, plan, wire, geometry of the runs, as their headers say
  std::vector<FittedCondition> conditions, left_out;
  PhaseModel decode;
  std::optional<PhaseModel> prefill;
  double initial_window = 10;  // segments that a new connection may have under way, where none is stated
  ChanceModel chance;
  // What vary() made other than the fitted system, in words, and how far that is, in e-foldings: as a
  // condition outside the range, it widens intervals.
  std::vector<std::string> changed;
  double doubt = 0;
  Range rtt_s, up_bps, down_bps, loss, jitter_s, rows, context;  // fitted on
  std::vector<DrafterModel> drafters;
  std::vector<DrafterModel> rehearsed;  // that did not run: tried on the runs' texts (rehearsed.hh)
  Json validation = Json::object();     // a record for readers of the file

  const DrafterModel* find(const std::string& drafter) const;  // one that ran, or was rehearsed
  const PhaseModel& phase(bool prompt) const { return prompt && prefill ? *prefill : decode; }
  // One run's steps, in their order over one connection: only their rows, context and bytes are looked at.
  std::vector<Components> run(std::span<const Observation>) const;
  // A run of this drafter as long as the fitted ones, in several worlds: chance and the work's own noise.
  Answer answer(const DrafterModel&, const Condition&, std::size_t worlds = 8) const;
  // The step that brings a prompt's first token, over a new connection.
  Components first_token(const StepShape& prompt, const Condition&, std::size_t worlds = 8) const;
  // Likewise of these steps.
  Answer answer(std::span<const Observation> run, std::size_t worlds) const;
  // Mean decode step of one.
  Components decode_step(const DrafterModel& d, const Condition& c) const { return answer(d, c).step; }
};

StepShape shape_of(const Observation&);
// What one drafter's steps amount to. All of one drafter, decode steps among them.
DrafterModel describe_drafter(const std::vector<Observation>&);
// The order in which a run of so many steps has the drafter's shapes: each as often and as evenly as its
// share says.
std::vector<const StepShape*> schedule(const DrafterModel&, std::size_t steps);
// The slices of each run, in order.
std::vector<std::span<const Observation>> by_run(const std::vector<Observation>&);

// What the fitted and the left out links have that the model has no term for, a sentence each.
std::vector<std::string> caveats(const LatencyModel&);

}  // namespace splitwan::model
