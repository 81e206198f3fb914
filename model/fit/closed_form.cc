#include "model/fit/closed_form.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace splitwan::model {

void Components::add(const Components& c, double share) {
  rtt_s += share * c.rtt_s;
  wire_s += share * c.wire_s;
  client_s += share * c.client_s;
  server_s += share * c.server_s;
  overhead_s += share * c.overhead_s;
  recovery_s += share * c.recovery_s;
  timeout_s += share * c.timeout_s;
  jitter_s += share * c.jitter_s;
}

double WorkCost::at(const StepShape& s) const {
  return fixed_s.value + per_row_s.value * s.rows + per_row_context_s.value * s.rows * s.context;
}

Components PhaseModel::step(const StepShape& s, const Trip& trip) const {
  return {trip.rtt_s,      trip.wire_s,    client.at(s), server.at(s), overhead_s.value + stragglers_s,
          trip.recovery_s, trip.timeout_s, trip.jitter_s};
}

bool Range::holds(double value) const {
  constexpr double slack = 1e-9;  // for values that went through text
  return value >= low * (1 - slack) && value <= high * (1 + slack);
}

const DrafterModel* LatencyModel::find(const std::string& drafter) const {
  const auto it =
      std::find_if(drafters.begin(), drafters.end(), [&](auto& d) { return d.drafter == drafter; });
  return it == drafters.end() ? nullptr : &*it;
}

namespace {

Components forward(const LatencyModel& model, Connection& connection, const StepShape& s, bool prompt,
                   double draft_s) {
  const PhaseModel& phase = model.phase(prompt);
  const double lead_s = phase.lead_share * phase.client.at(s);
  connection.rest(lead_s);
  const Trip trip = connection.exchange(s.bytes_up, s.bytes_down, phase.server.at(s));
  Components c = phase.step(s, trip);
  if (!prompt) c.client_s += draft_s;
  connection.rest(c.client_s - lead_s + c.overhead_s);
  return c;
}

}  // namespace

std::vector<Components> LatencyModel::run(std::span<const Observation> steps) const {
  std::vector<Components> predicted;
  predicted.reserve(steps.size());
  if (steps.empty()) return predicted;
  const DrafterModel* known = find(steps[0].drafter);
  Connection connection(steps[0].condition, initial_window, chance.values());
  for (const Observation& o : steps)
    predicted.push_back(forward(*this, connection, shape_of(o), o.prefill, known ? known->draft_s : 0));
  return predicted;
}

Components LatencyModel::decode_step(const DrafterModel& drafter, const Condition& condition,
                                     Components* prompt) const {
  Connection connection(condition, initial_window, chance.values());
  if (drafter.prompt.rows > 0) {
    const Components first = forward(*this, connection, drafter.prompt, true, 0);
    if (prompt) *prompt = first;
  }
  Components mean;
  const auto steps = schedule(drafter, drafter.steps_per_run());
  for (const StepShape* shape : steps)
    mean.add(forward(*this, connection, *shape, false, drafter.draft_s),
             1 / static_cast<double>(steps.size()));
  return mean;
}

std::vector<const StepShape*> schedule(const DrafterModel& drafter, std::size_t steps) {
  std::vector<const StepShape*> order;
  std::vector<double> owed(drafter.shapes.size(), 0.0);
  for (std::size_t i = 0; i < steps; ++i) {
    std::size_t next = 0;
    for (std::size_t k = 0; k < owed.size(); ++k) {
      owed[k] += drafter.shapes[k].share;
      if (owed[k] > owed[next]) next = k;
    }
    --owed[next];
    order.push_back(&drafter.shapes[next]);
  }
  return order;
}

StepShape DrafterModel::mean_shape() const {
  StepShape mean;
  for (const StepShape& s : shapes) {
    mean.rows += s.share * s.rows;
    mean.context += s.share * s.context;
    mean.bytes_up += s.share * s.bytes_up;
    mean.bytes_down += s.share * s.bytes_down;
  }
  return mean;
}

double DrafterModel::most_rows() const {
  double most = 1;
  for (const StepShape& s : shapes) most = std::max(most, s.rows);
  return most;
}

StepShape shape_of(const Observation& o) { return {o.rows, o.context, o.bytes_up, o.bytes_down}; }

namespace {

struct ShapeSum {
  StepShape sum{.share = 0};  // with the number of steps in `share`
  void add(const Observation& o) {
    sum.rows += o.rows;
    sum.context += o.context;
    sum.bytes_up += o.bytes_up;
    sum.bytes_down += o.bytes_down;
    ++sum.share;
  }
  StepShape mean(double of) const {
    const double n = std::max(1.0, sum.share);
    return {sum.rows / n, sum.context / n, sum.bytes_up / n, sum.bytes_down / n, sum.share / of};
  }
};

}  // namespace

DrafterModel describe_drafter(const std::vector<Observation>& observations) {
  DrafterModel d;
  d.drafter = observations.at(0).drafter;
  std::set<std::size_t> runs;
  std::map<double, ShapeSum> by_rows;
  ShapeSum prompts;
  std::vector<Observation> decode;
  std::vector<double> draft_s;
  for (const Observation& o : observations) {
    if (o.prefill) {
      prompts.add(o);
      continue;
    }
    runs.insert(o.run);
    by_rows[o.rows].add(o);
    draft_s.push_back(o.draft_s);
    decode.push_back(o);
  }
  d.runs = runs.size();
  d.steps = decode.size();
  d.draft_s = robust_fit({std::vector<double>(d.steps, 1.0)}, draft_s)[0].value;
  d.acceptance = describe_acceptance(decode);
  for (const auto& [rows, sum] : by_rows) d.shapes.push_back(sum.mean(static_cast<double>(d.steps)));
  d.prompt = prompts.mean(1);
  return d;
}

std::vector<std::span<const Observation>> by_run(const std::vector<Observation>& observations) {
  std::vector<std::span<const Observation>> runs;
  for (std::size_t begin = 0, end = 0; begin < observations.size(); begin = end) {
    while (end < observations.size() && observations[end].run == observations[begin].run) ++end;
    runs.emplace_back(&observations[begin], end - begin);
  }
  return runs;
}

std::vector<std::string> caveats(const LatencyModel& m) {
  std::vector<std::string> sentences;
  std::map<std::string, std::size_t> without_term;
  for (const FittedCondition& c : m.conditions)
    for (const std::string& what : c.condition.apart) without_term[what] += c.runs;
  sentences.reserve(without_term.size() + m.left_out.size());
  for (const auto& [what, runs] : without_term)
    sentences.push_back(
        fmt::format("the model has no term for this of {} fitted runs' links: {}", runs, what));
  for (const FittedCondition& c : m.left_out)
    sentences.push_back(fmt::format("{} runs were left out, the model cannot take their link: {}", c.runs,
                                    fmt::join(c.condition.unfit, ", ")));
  return sentences;
}

}  // namespace splitwan::model
