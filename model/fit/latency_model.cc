#include "model/fit/latency_model.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/fit/live.hh"
#include "model/fit/rehearsed.hh"
#include "model/observe/source.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using Observations = std::vector<Observation>;

template <typename Value>
std::vector<double> column(const Observations& steps, Value value) {
  std::vector<double> values;
  values.reserve(steps.size());
  for (const Observation& o : steps) values.push_back(value(o));
  return values;
}

template <typename Value>
Range range(const Observations& steps, Value value) {
  const auto values = column(steps, value);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {*low, *high};
}

template <typename Measured>
WorkCost fit_work(const std::vector<engine::Exchange>& all, Measured measured) {
  std::vector<double> ones(all.size(), 1.0), rows, rows_context, seconds;
  for (const engine::Exchange& e : all) {
    rows.push_back(e.rows);
    rows_context.push_back(e.rows * e.context);
    seconds.push_back(measured(e));
  }
  const auto c = robust_fit({ones, rows, rows_context}, seconds);
  return {c[0], c[1], c[2]};
}

PhaseModel fit_phase(const Observations& steps) {
  std::vector<engine::Exchange> all;
  for (const Observation& o : steps) all.insert(all.end(), o.exchanges.begin(), o.exchanges.end());
  PhaseModel phase;
  phase.steps = steps.size();
  phase.client = fit_work(all, [](auto& e) { return e.lead_s + e.tail_s; });
  phase.server = fit_work(all, [](auto& e) { return e.held_s; });
  double lead_s = 0, client_s = 0;
  for (const engine::Exchange& e : all) lead_s += e.lead_s, client_s += e.lead_s + e.tail_s;
  if (client_s > 0) phase.lead_share = lead_s / client_s;
  return phase;
}

// What is left of a step's client time, idle and other work.
double between_s(const Observation& o) {
  double beside_s = o.total_s - o.network_s - o.server_s;
  for (const engine::Exchange& e : o.exchanges) beside_s -= e.lead_s + e.tail_s;
  return std::max(0.0, beside_s);
}

// Theory's waits of a run's steps, with the work as it was measured.
std::vector<Waits> waits_of(std::span<const Observation> run, double initial_window) {
  constexpr std::size_t worlds = 4;
  Connection connection(run[0].condition, initial_window, {}, {worlds, 1 + run[0].run * worlds});
  std::vector<Waits> all;
  for (const Observation& o : run) {
    connection.begin_step(o);
    all.push_back(connection.exchange(o.exchanges));
    connection.rest(between_s(o));
  }
  return all;
}

bool states_tcp(const Observation& o) { return o.condition.details.tcp() != nullptr; }

// Live connections sample their window: that tells it better than times do.
double window_misfit(double initial_window, std::span<const Observation> run, std::size_t& samples) {
  if (std::none_of(run.begin(), run.end(), [](auto& o) { return o.tcp.window > 0; })) return 0;
  Connection connection(run[0].condition, initial_window, {}, {1});
  double misfit = 0;
  for (const Observation& o : run) {
    connection.begin_step(o);
    connection.exchange(o.exchanges);
    connection.rest(between_s(o));
    if (o.tcp.window == 0) continue;
    ++samples;
    misfit += std::abs(std::log(connection.window(true) / o.tcp.window));
  }
  return misfit;
}

// A connection in use keeps the window it grew; a new one has what its system begins with. The doubling of
// RFC 6928's that explains the measured network times of the first steps best, where it tells most; RFC
// 6928's when they do not tell.
double fit_initial_window(const Observations& crossing) {
  constexpr int doublings = 3;
  constexpr std::size_t first = 4;
  double best = initial_window_segments, best_misfit = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= doublings; ++i) {
    const double initial_window = initial_window_segments * (1 << i);
    double misfit = 0, sampled_misfit = 0;
    std::size_t samples = 0;
    for (const auto whole : by_run(crossing)) {
      if (states_tcp(whole[0])) continue;
      const auto run = whole.first(std::min(first, whole.size()));
      sampled_misfit += window_misfit(initial_window, run, samples);
      const auto waits = waits_of(run, initial_window);
      for (std::size_t k = 0; k < run.size(); ++k)
        misfit += std::abs(run[k].network_s - waits[k].rtt_s - waits[k].wire_s);
    }
    if (samples > 0) misfit = sampled_misfit;
    if (misfit < best_misfit * (1 - 1e-9)) best = initial_window, best_misfit = misfit;
  }
  return best;
}

// Overhead: on the steps that lost nothing, and over links without jitter where there are such.
void fit_overhead(LatencyModel& model, const Observations& crossing) {
  for (const bool prompt : {false, true}) {
    if (prompt && !model.prefill) continue;
    std::vector<double> calm, any;
    for (const Observation& o : crossing) {
      if (o.prefill != prompt || o.retransmits > 0) continue;
      double left_s =
          o.total_s - o.client_s - o.exchanges.back().held_s - o.expected->rtt_s - o.expected->wire_s;
      if (o.condition.jitter_s == 0) calm.push_back(left_s);
      any.push_back(left_s - o.expected->jitter_s);
    }
    const auto& left = calm.empty() ? any : calm;
    if (left.empty()) continue;  // every step lost something
    (prompt ? *model.prefill : model.decode).overhead_s =
        robust_fit({std::vector<double>(left.size(), 1.0)}, left)[0];
  }
}

// What chance cost over what theory expects it to: a ratio of sums, for a single step says little. Its error
// from leaving each run out in turn.
Coefficient ratio_of(const std::vector<std::pair<double, double>>& runs) {
  double found = 0, expected = 0;
  for (const auto& [f, e] : runs) found += f, expected += e;
  if (!(expected > 0) || runs.size() < 2) return {1, NAN};
  const double ratio = found / expected, n = static_cast<double>(runs.size());
  double spread = 0;
  for (const auto& [f, e] : runs) {
    const double without = expected > e ? (found - f) / (expected - e) : ratio;
    spread += (without - ratio) * (without - ratio);
  }
  return {std::max(0.0, ratio), std::sqrt(spread * (n - 1) / n)};
}

void fit_chance(LatencyModel& model, const Observations& crossing) {
  std::vector<std::pair<double, double>> losses, jitters;
  for (const auto run : by_run(crossing)) {
    double left_s = 0, loss_s = 0, jitter_s = 0;
    for (const Observation& o : run) {
      if (o.prefill) continue;
      left_s += o.total_s - o.client_s - o.exchanges.back().held_s - o.expected->rtt_s - o.expected->wire_s -
                model.decode.overhead_s.value;
      loss_s += o.expected->loss_s();
      jitter_s += o.expected->jitter_s;
    }
    if (loss_s != 0) {
      losses.emplace_back(left_s - jitter_s, loss_s);
    } else if (jitter_s != 0) {
      jitters.emplace_back(left_s, jitter_s);
    }
  }
  model.chance.loss = ratio_of(losses);
  model.chance.jitter = ratio_of(jitters);
  model.chance.applied = std::none_of(crossing.begin(), crossing.end(), states_tcp);
}

double mean(const std::vector<double>& values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// What a step's closed form leaves, its waits with the work as measured.
double residual_of(const LatencyModel& model, const Observation& o) {
  const PhaseModel& phase = model.phase(o.prefill);
  const Chance chance = model.chance.values();
  double predicted = phase.overhead_s.value + o.draft_s + o.expected->rtt_s + o.expected->wire_s +
                     chance.loss * o.expected->loss_s() + chance.jitter * o.expected->jitter_s;
  const auto parts = phase.exchanges(shape_of(o), o.prefill);
  for (const engine::Exchange& e : parts) predicted += e.lead_s + e.tail_s;
  return o.total_s - predicted - parts.back().held_s;
}

// So many runs, evenly from all, their departures about the mean step; rounded as the file has them.
WorkNoise noise_of(const std::vector<std::vector<double>>& runs, double stragglers_s) {
  constexpr std::size_t most = 96;
  WorkNoise noise;
  const std::size_t kept = std::min(most, runs.size());
  for (std::size_t i = 0; i < kept; ++i) {
    noise.runs.push_back(runs[i * runs.size() / kept]);
    for (double& s : noise.runs.back()) s = std::round((s - stragglers_s) * 1e6) * 1e-6;
  }
  return noise;
}

// Chance has no part in what its steps wait for.
bool calm_link(const Observation& o) {
  const auto calm = [](const engine::LinkSpec& link) {
    return link.bursts.to_bad == 0 && link.cross.bits_per_second == 0;
  };
  const Condition& c = o.condition;
  return c.loss == 0 && c.jitter_s == 0 && c.details.sessions().count == 0 && calm(c.details.up()) &&
         calm(c.details.down());
}

// How far steps lie from the prediction: of all links together, of the calm ones alone where there are such.
void fit_spread(LatencyModel& model, const Observations& crossing) {
  std::vector<std::vector<double>> calm[2], any[2];  // by phase, of runs
  for (const auto run : by_run(crossing)) {
    std::vector<double> residuals[2];
    for (const Observation& o : run) residuals[o.prefill].push_back(residual_of(model, o));
    for (const bool prompt : {false, true}) {
      if (residuals[prompt].empty()) continue;
      if (calm_link(run[0])) calm[prompt].push_back(residuals[prompt]);
      any[prompt].push_back(std::move(residuals[prompt]));
    }
  }
  for (const bool prompt : {false, true}) {
    if (prompt && !model.prefill) continue;
    PhaseModel& phase = prompt ? *model.prefill : model.decode;
    const auto& runs = calm[prompt].empty() ? any[prompt] : calm[prompt];
    std::vector<double> all;
    for (const auto& run : runs) all.insert(all.end(), run.begin(), run.end());
    phase.residual_s = robust_spread(all);
    phase.stragglers_s = std::max(0.0, mean(all));
    phase.noise = noise_of(runs, phase.stragglers_s);
  }
}

std::vector<FittedCondition> conditions_of(const Observations& steps) {
  std::map<Condition, std::pair<std::set<std::size_t>, std::size_t>> seen;
  for (const Observation& o : steps) {
    auto& [runs, count] = seen[o.condition];
    runs.insert(o.run);
    ++count;
  }
  std::vector<FittedCondition> conditions;
  conditions.reserve(seen.size());
  for (const auto& [condition, s] : seen) conditions.push_back({condition, s.first.size(), s.second});
  return conditions;
}

}  // namespace

void expect(std::vector<Observation>& steps) {
  Observations crossing;
  for (const Observation& o : steps) {
    if (o.crossed()) crossing.push_back(o);
  }
  if (crossing.empty()) return;
  const double initial_window = fit_initial_window(crossing);
  std::map<std::size_t, std::vector<Waits>> waits;
  for (const auto run : by_run(crossing)) waits[run[0].run] = waits_of(run, initial_window);
  std::map<std::size_t, std::size_t> next;
  for (Observation& o : steps) {
    if (o.crossed()) o.expected = waits[o.run][next[o.run]++];
  }
}

LatencyModel fit(const Observations& observations) {
  if (!std::ranges::all_of(observations, [](auto& o) { return !o.crossed() || o.expected; })) {
    Observations expected = observations;
    expect(expected);
    return fit(expected);
  }
  Observations decode, prefill, crossing;
  for (const Observation& o : observations) {
    if (!o.crossed()) continue;
    (o.prefill ? prefill : decode).push_back(o);
    crossing.push_back(o);
  }
  if (decode.empty())
    throw engine::Error("the traces hold no decode step that crossed a network: nothing to fit");

  LatencyModel model;
  std::map<std::string, Observations> by_drafter;
  for (const Observation& o : crossing) by_drafter[o.drafter].push_back(o);
  for (const auto& [drafter, steps] : by_drafter) {
    if (std::any_of(steps.begin(), steps.end(), [](auto& o) { return !o.prefill; }))
      model.drafters.push_back(describe_drafter(steps));
  }
  model.conditions = conditions_of(decode);
  model.decode = fit_phase(decode);
  if (!prefill.empty()) model.prefill = fit_phase(prefill);
  model.initial_window = fit_initial_window(crossing);
  fit_overhead(model, crossing);
  fit_chance(model, crossing);
  fit_spread(model, crossing);
  model.rtt_s = range(decode, [](auto& o) { return o.condition.rtt_s; });
  model.up_bps = range(decode, [](auto& o) { return o.condition.up_bps; });
  model.down_bps = range(decode, [](auto& o) { return o.condition.down_bps; });
  model.loss = range(decode, [](auto& o) { return o.condition.loss; });
  model.jitter_s = range(decode, [](auto& o) { return o.condition.jitter_s; });
  model.rows = range(decode, [](auto& o) { return o.rows; });
  model.context = range(decode, [](auto& o) { return o.context; });
  return model;
}

Fittable fittable(const Study& study, bool to_test) {
  Fittable f{study.steps, {}, {}};
  std::map<Condition, std::set<std::size_t>> left_out;
  std::map<Condition, FittedCondition> lost;
  std::map<Condition, std::set<std::size_t>> lost_runs;
  for (const Observation& o : f.steps) {
    if (!o.crossed()) continue;
    if (!o.condition.unfit.empty()) {
      left_out[o.condition].insert(o.run);
    } else if (o.lost) {
      ++lost[o.condition].steps;
      lost_runs[o.condition].insert(o.run);
    }
  }
  for (const auto& [condition, runs] : left_out) f.left_out.push_back({condition, runs.size(), 0});
  for (auto& [condition, some] : lost) {
    some.condition = condition;
    some.condition.unfit.push_back("a connection that was lost and made again");
    some.runs = lost_runs[condition].size();
    f.left_out.push_back(some);
  }
  std::erase_if(f.steps, [](const Observation& o) { return o.lost || !o.condition.unfit.empty(); });
  f.source = common_source(study.runs, f.steps, to_test);
  measure_live_links(f.steps, study.runs);
  for (const Observation& o : f.steps) {
    if (o.crossed() && o.condition.rtt_s == 0 && study.runs.at(o.run).header.network.edges.empty())
      throw engine::Error(
          "run {}: crosses a network but has neither a stated link nor TCP samples: the model needs one of "
          "them",
          o.run);
  }
  if (!to_test) expect(f.steps);
  f.rehearsed = rehearsed_drafters(study.runs, f.steps);
  return f;
}

LatencyModel fit(const Fittable& f) {
  const bool crossed = std::ranges::any_of(f.steps, [](auto& o) { return !o.prefill && o.crossed(); });
  if (!crossed && !f.left_out.empty())
    throw engine::Error("no run is left to fit: the model has no term for {}",
                        f.left_out.front().condition.unfit.front());
  LatencyModel model = fit(f.steps);
  model.source = f.source;
  model.left_out = f.left_out;
  model.rehearsed = f.rehearsed;
  return model;
}

LatencyModel fit(const std::vector<engine::Run>& runs) { return fit(fittable(Study(runs))); }

}  // namespace splitwan::model
