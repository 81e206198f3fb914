#include "model/fit/latency_model.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/fit/live.hh"
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
WorkCost fit_work(const Observations& steps, Measured measured) {
  const auto c =
      robust_fit({column(steps, [](auto&) { return 1.0; }), column(steps, [](auto& o) { return o.rows; }),
                  column(steps, [](auto& o) { return o.rows * o.context; })},
                 column(steps, measured));
  return {c[0], c[1], c[2]};
}

PhaseModel fit_phase(const Observations& steps) {
  PhaseModel phase;
  phase.steps = steps.size();
  phase.client = fit_work(steps, [](const Observation& o) { return o.client_s - o.draft_s; });
  phase.server = fit_work(steps, [](const Observation& o) { return o.server_s; });
  double lead_s = 0, client_s = 0;
  for (const Observation& o : steps) lead_s += o.lead_s, client_s += o.client_s - o.draft_s;
  if (client_s > 0) phase.lead_share = lead_s / client_s;
  return phase;
}

// Live connections sample their window: that tells it better than times do.
double window_misfit(const LatencyModel& model, std::span<const Observation> run, std::size_t& samples) {
  if (std::none_of(run.begin(), run.end(), [](auto& o) { return o.tcp.window > 0; })) return 0;
  Connection connection(run[0].condition, model.initial_window, model.chance.values());
  double misfit = 0;
  for (const Observation& o : run) {
    connection.rest(o.lead_s);
    connection.exchange(o.bytes_up, o.bytes_down, o.server_s);
    connection.rest(o.total_s - o.network_s - o.server_s - o.lead_s);
    if (o.tcp.window == 0) continue;
    ++samples;
    misfit += std::abs(std::log(connection.window(true) / o.tcp.window));
  }
  return misfit;
}

// A connection in use keeps the window it grew; a new one has what its system begins with. The doubling of
// RFC 6928's that explains the measured network times of the first steps best, where it tells most; RFC
// 6928's when they do not tell.
double fit_initial_window(LatencyModel model, const Observations& crossing) {
  constexpr int doublings = 3;
  constexpr std::size_t first = 4;
  double best = 0, best_misfit = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= doublings; ++i) {
    model.initial_window = initial_window_segments * (1 << i);
    double misfit = 0, sampled_misfit = 0;
    std::size_t samples = 0;
    for (const auto whole : by_run(crossing)) {
      const auto run = whole.first(std::min(first, whole.size()));
      sampled_misfit += window_misfit(model, run, samples);
      const auto predicted = model.run(run);
      for (std::size_t k = 0; k < run.size(); ++k)
        misfit += std::abs(run[k].network_s - predicted[k].rtt_s - predicted[k].wire_s);
    }
    if (samples > 0) misfit = sampled_misfit;
    if (misfit < best_misfit * (1 - 1e-9)) best = model.initial_window, best_misfit = misfit;
  }
  return best;
}

// What is left of a step, beside what theory expects chance to add to it.
struct Rest {
  const Observation* step;
  Components theory;
  double left_s;
};

std::vector<Rest> rests(const LatencyModel& model, const Observations& crossing) {
  std::vector<Rest> all;
  all.reserve(crossing.size());
  for (const auto run : by_run(crossing)) {
    const auto theory = model.run(run);
    for (std::size_t k = 0; k < run.size(); ++k) {
      const Observation& o = run[k];
      all.push_back(
          {&o, theory[k], o.total_s - o.client_s - o.server_s - theory[k].rtt_s - theory[k].wire_s});
    }
  }
  return all;
}

// Overhead, and jitter where there is any, on the steps that lost nothing.
void fit_overhead(LatencyModel& model, const std::vector<Rest>& all) {
  for (const bool prompt : {false, true}) {
    if (prompt && !model.prefill) continue;
    std::vector<double> ones, jitter, left;
    for (const Rest& r : all) {
      if (r.step->prefill != prompt || r.step->retransmits > 0) continue;
      ones.push_back(1);
      jitter.push_back(r.theory.jitter_s);
      left.push_back(r.left_s);
    }
    if (left.empty()) continue;  // every step lost something
    const bool jittery = *std::max_element(jitter.begin(), jitter.end()) > 0;
    const auto fitted = jittery ? robust_fit({ones, jitter}, left) : robust_fit({ones}, left);
    (prompt ? *model.prefill : model.decode).overhead_s = fitted[0];
    if (jittery && !prompt) model.chance.jitter = fitted[1];
  }
}

// Losses are rare and dear: their mean counts, so neither robust nor on those steps alone that sent something
// again; a closed window shows on the steps behind. Relative to the step, so that long round trips do not
// rule.
void fit_loss(LatencyModel& model, const std::vector<Rest>& all) {
  std::vector<double> recovery, timeout, left;
  for (const Rest& r : all) {
    if (r.step->prefill || r.step->condition.loss == 0) continue;
    const double jitter_s = model.chance.jitter.value * r.theory.jitter_s;
    const double scale = r.theory.total_s();
    recovery.push_back(r.theory.recovery_s / scale);
    timeout.push_back(r.theory.timeout_s / scale);
    left.push_back((r.left_s - model.decode.overhead_s.value - jitter_s) / scale);
  }
  if (left.empty()) return;
  const auto fitted = robust_fit({recovery, timeout}, left, std::numeric_limits<double>::infinity());
  model.chance.recovery = fitted[0];
  model.chance.timeout = fitted[1];
}

double mean(const std::vector<double>& values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Variance of what is normal about 0, from its squares: by their median, so that links which the model gets
// wrong do not pass for noise on all others.
double typical_square(const std::vector<double>& squares) {
  constexpr double median_of_chi_square = 0.4549364;  // one degree of freedom
  return engine::median(squares) / median_of_chi_square;
}

// How far steps lie from the prediction, and means of whole runs: a run's steps are not independent of each
// other, so noise is what shows in the runs' means, brought to one step.
void fit_spread(LatencyModel& model, const Observations& crossing) {
  struct Residuals {
    std::vector<double> all, plain;
  } by_phase[2];
  std::vector<double> plain, jittery, any;  // of runs: squared sum over number of steps
  double jitter_s = 0;
  for (const auto run : by_run(crossing)) {
    const auto predicted = model.run(run);
    const Condition& c = run[0].condition;
    std::vector<double> decode;
    bool lost = false;
    for (std::size_t k = 0; k < run.size(); ++k) {
      const double residual = run[k].total_s - predicted[k].total_s();
      by_phase[run[k].prefill].all.push_back(residual);
      if (c.jitter_s == 0 && c.loss == 0) by_phase[run[k].prefill].plain.push_back(residual);
      if (!run[k].prefill) decode.push_back(residual);
      lost = lost || run[k].retransmits > 0;
    }
    if (decode.empty()) continue;
    if (c.jitter_s > 0 && !lost) {  // nothing was lost: what losses cost on average is no part of it
      std::vector<double> unlost;
      for (std::size_t k = 0; k < run.size(); ++k) {
        if (!run[k].prefill)
          unlost.push_back(run[k].total_s - predicted[k].total_s() + predicted[k].loss_s());
      }
      jittery.push_back(std::pow(mean(unlost), 2) * static_cast<double>(unlost.size()));
      jitter_s += c.jitter_s;
    }
    const double square = std::pow(mean(decode), 2) * static_cast<double>(decode.size());
    any.push_back(square);
    if (c.jitter_s == 0 && c.loss == 0) plain.push_back(square);
  }
  for (const bool prompt : {false, true}) {
    if (prompt && !model.prefill) continue;
    PhaseModel& phase = prompt ? *model.prefill : model.decode;
    const Residuals& r = by_phase[prompt];
    phase.residual_s = robust_spread(r.all);
    phase.stragglers_s = std::max(0.0, mean(r.plain.empty() ? r.all : r.plain));
    // Squares about the mean, which the stragglers are now part of.
    const double off = phase.stragglers_s * phase.stragglers_s;
    const double steps =
        static_cast<double>(phase.steps) / static_cast<double>(std::max<std::size_t>(1, any.size()));
    phase.noise_s = std::sqrt(std::max(0.0, typical_square(plain.empty() ? any : plain) - off * steps));
  }
  if (jittery.empty()) return;
  jitter_s /= static_cast<double>(jittery.size());
  // Without runs that have none, all of it counts as noise already.
  const double more = plain.empty() ? 0 : std::max(0.0, typical_square(jittery) - typical_square(plain));
  model.chance.jitter_noise = std::sqrt(more) / jitter_s;
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

LatencyModel fit(const Observations& observations) {
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
  model.initial_window = fit_initial_window(model, crossing);
  const auto left = rests(model, crossing);
  fit_overhead(model, left);
  fit_loss(model, left);
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

Fittable fittable(const Study& study) {
  Fittable f{study.steps, {}, {}};
  std::map<Condition, std::set<std::size_t>> left_out;
  for (const Observation& o : f.steps) {
    if (o.crossed() && !o.condition.unfit.empty()) left_out[o.condition].insert(o.run);
  }
  for (const auto& [condition, runs] : left_out) f.left_out.push_back({condition, runs.size(), 0});
  std::erase_if(f.steps, [](const Observation& o) { return !o.condition.unfit.empty(); });
  f.source = common_source(study.runs, f.steps);
  measure_live_links(f.steps, study.runs);
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
  return model;
}

LatencyModel fit(const std::vector<engine::Run>& runs) { return fit(fittable(Study(runs))); }

}  // namespace splitwan::model
