#include "model/fit/closed_form.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/types.hh"
#include "model/fit/live.hh"

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

std::vector<engine::Exchange> PhaseModel::exchanges(const StepShape& s, bool prompt) const {
  const double rows = std::max(1.0, s.rows);
  const double chunks = prompt ? std::ceil(rows / engine::prefill_rows) : 1;
  std::vector<engine::Exchange> all;
  for (double chunk = 0; chunk < chunks; ++chunk) {
    const double before = chunk * engine::prefill_rows;
    const double here = chunks > 1 ? std::min<double>(engine::prefill_rows, rows - before) : rows;
    const StepShape part{here, s.context + before, s.bytes_up * here / rows, s.bytes_down * here / rows};
    const double client_s = client.at(part);
    all.push_back({part.rows, part.context, part.bytes_up, part.bytes_down, lead_share * client_s,
                   (1 - lead_share) * client_s, server.at(part)});
  }
  return all;
}

Components PhaseModel::step(const std::vector<engine::Exchange>& all, const Waits& waits) const {
  Components c{
      waits.rtt_s,     waits.wire_s,  0, all.back().held_s, overhead_s.value + stragglers_s, waits.recovery_s,
      waits.timeout_s, waits.jitter_s};
  for (const engine::Exchange& e : all) c.client_s += e.lead_s + e.tail_s;
  return c;
}

bool Range::holds(double value) const {
  constexpr double slack = 1e-9;  // for values that went through text
  return value >= low * (1 - slack) && value <= high * (1 + slack);
}

const DrafterModel* LatencyModel::find(const std::string& drafter) const {
  for (const auto* list : {&drafters, &rehearsed}) {
    const auto it = std::ranges::find(*list, drafter, &DrafterModel::drafter);
    if (it != list->end()) return &*it;
  }
  return nullptr;
}

namespace {

// With work that varies as it did.
Worlds worlds_of(const LatencyModel& model, std::size_t many, std::uint64_t seed) {
  return {many, seed, &model.decode.noise, model.prefill ? &model.prefill->noise : nullptr};
}

Components forward(const LatencyModel& model, Connection& connection, const StepShape& s, bool prompt,
                   double draft_s) {
  const PhaseModel& phase = model.phase(prompt);
  const auto exchanges = phase.exchanges(s, prompt);
  Components c = phase.step(exchanges, connection.exchange(exchanges, prompt));
  if (!prompt) c.client_s += draft_s;
  connection.rest((prompt ? 0 : draft_s) + c.overhead_s);
  return c;
}

}  // namespace

std::vector<Components> LatencyModel::run(std::span<const Observation> steps) const {
  std::vector<Components> predicted;
  if (steps.empty()) return predicted;
  const DrafterModel* known = find(steps[0].drafter);
  const auto follow = [&](Worlds worlds) {
    Connection connection(steps[0].condition, initial_window, chance.values(), worlds);
    predicted.clear();
    for (const Observation& o : steps) {
      connection.begin_step(o);
      predicted.push_back(forward(*this, connection, shape_of(o), o.prefill, known ? known->draft_s : 0));
    }
    return connection.fragile();
  };
  constexpr std::size_t few = 4, more = 8;
  const std::uint64_t seed = 1 + steps[0].run * more;
  if (follow({few, seed})) follow(worlds_of(*this, more, seed));
  return predicted;
}

namespace {

// Adds a step to the mean of so many.
void add(Answer& answer, const Components& c, const std::vector<double>& waits_s, double share) {
  answer.step.add(c, share);
  answer.by_world.resize(waits_s.size());
  const double work_s = c.client_s + c.server_s + c.overhead_s;
  for (std::size_t i = 0; i < waits_s.size(); ++i) {
    answer.by_world[i] += share * (work_s + waits_s[i]);
    answer.steps_s.push_back(work_s + waits_s[i]);
  }
}

}  // namespace

Answer LatencyModel::answer(const DrafterModel& drafter, const Condition& condition,
                            std::size_t worlds) const {
  Connection connection(condition, initial_window, chance.values(), worlds_of(*this, worlds, 1));
  Answer answer;
  if (drafter.prompt.rows > 0) answer.prompt = forward(*this, connection, drafter.prompt, true, 0);
  const auto steps = schedule(drafter, drafter.steps_per_run());
  for (const StepShape* shape : steps) {
    const Components c = forward(*this, connection, *shape, false, drafter.draft_s);
    add(answer, c, connection.by_world(), 1 / static_cast<double>(steps.size()));
  }
  answer.by_chance = connection.by_chance();
  answer.fragile = answer.by_chance || connection.fragile();
  return answer;
}

Components LatencyModel::first_token(const StepShape& prompt, const Condition& condition,
                                     std::size_t worlds) const {
  Connection connection(condition, initial_window, chance.values(), worlds_of(*this, worlds, 1));
  return forward(*this, connection, prompt, true, 0);
}

Answer LatencyModel::answer(std::span<const Observation> run, std::size_t worlds) const {
  const DrafterModel* known = find(run[0].drafter);
  Connection connection(run[0].condition, initial_window, chance.values(),
                        worlds_of(*this, worlds, 1 + run[0].run));
  const auto decoded = std::count_if(run.begin(), run.end(), [](auto& o) { return !o.prefill; });
  Answer answer;
  for (const Observation& o : run) {
    connection.begin_step(o);
    const Components c = forward(*this, connection, shape_of(o), o.prefill, known ? known->draft_s : 0);
    if (o.prefill)
      answer.prompt = c;
    else
      add(answer, c, connection.by_world(), 1 / static_cast<double>(decoded));
  }
  answer.by_chance = connection.by_chance();
  answer.fragile = answer.by_chance || connection.fragile();
  return answer;
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
  std::map<double, ShapeSum> by_rows, by_prompt;
  ShapeSum prompts;
  std::vector<Observation> decode;
  std::vector<double> draft_s;
  for (const Observation& o : observations) {
    if (o.prefill) {
      prompts.add(o);
      by_prompt[o.rows].add(o);
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
  for (const auto& [rows, sum] : by_prompt) d.prompts.push_back(sum.mean(prompts.sum.share));
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
    for (const std::string& what : c.condition.apart) {
      if (!what.starts_with(others_word)) without_term[what] += c.runs;
    }
  sentences.reserve(without_term.size() + m.left_out.size());
  for (const auto& [what, runs] : without_term)
    sentences.push_back(
        fmt::format("the model has no term for this of {} fitted runs' links: {}", runs, what));
  for (const std::string& pair : links_told_apart(m.conditions)) sentences.push_back(pair);
  for (const FittedCondition& c : m.left_out)
    sentences.push_back(
        c.steps > 0
            ? fmt::format("{} steps of {} runs were left out: {}", c.steps, c.runs, c.condition.unfit.back())
            : fmt::format("{} runs were left out, the model cannot take their link: {}", c.runs,
                          fmt::join(c.condition.unfit, ", ")));
  return sentences;
}

}  // namespace splitwan::model
