#include "model/latency_model.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/error.hh"
#include "model/link.hh"

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

double network_s(const Observation& o, double window_bytes) {
  return round_trips(o.bytes_up, o.bytes_down, window_bytes) * o.condition.rtt_s +
         wire_s(o.bytes_up, o.condition.up_bps) + wire_s(o.bytes_down, o.condition.down_bps);
}

// A connection in use keeps the window it grew, so what a step meets is anything from the initial window up.
// The doubling of it that explains the measured network times best; the initial one when they do not tell.
double fit_window(const Observations& steps) {
  constexpr int doublings = 10;
  double best = 0, best_misfit = std::numeric_limits<double>::infinity();
  for (int i = 0; i <= doublings; ++i) {
    const double window = initial_window_segments * segment_bytes * (1 << i);
    double misfit = 0;
    for (const Observation& o : steps) misfit += std::abs(o.network_s - network_s(o, window));
    if (misfit < best_misfit * (1 - 1e-9)) best = window, best_misfit = misfit;
  }
  return best;
}

PhaseModel fit_phase(const Observations& steps, const std::map<std::string, double>& draft_s) {
  PhaseModel phase;
  phase.steps = steps.size();
  phase.client = fit_work(steps, [](const Observation& o) { return o.client_s - o.draft_s; });
  phase.server = fit_work(steps, [](const Observation& o) { return o.server_s; });
  phase.window_bytes = fit_window(steps);
  const auto rest = column(steps, [&](const Observation& o) {
    return o.total_s - o.client_s - o.server_s - network_s(o, phase.window_bytes);
  });
  phase.overhead_s = robust_fit({std::vector<double>(steps.size(), 1.0)}, rest)[0];
  phase.residual_s = robust_spread(column(steps, [&](const Observation& o) {
    const auto draft = draft_s.find(o.drafter);
    const double own = draft == draft_s.end() ? 0 : draft->second;
    return o.total_s - own - phase.step(shape_of(o), o.condition).total_s();
  }));
  return phase;
}

std::vector<FittedCondition> conditions_of(const Observations& steps) {
  std::map<Condition, std::pair<std::set<std::size_t>, std::size_t>> seen;
  for (const Observation& o : steps) {
    auto& [runs, count] = seen[o.condition];
    runs.insert(o.run);
    ++count;
  }
  std::vector<FittedCondition> conditions;
  for (const auto& [condition, s] : seen) conditions.push_back({condition, s.first.size(), s.second});
  return conditions;
}

// The header entries that a model is tied to: runs that differ in one would be averaged into nobody's model.
// Runs that crossed no network do not count.
Json common_source(const std::vector<engine::Run>& runs, const Observations& observations) {
  std::set<std::size_t> crossing;
  for (const Observation& o : observations) {
    if (o.crossed()) crossing.insert(o.run);
  }
  Json source = Json::object();
  if (crossing.empty()) return source;
  const std::size_t first = *crossing.begin();
  for (const char* key : {"compute", "plan", "wire", "geometry"}) {
    source[key] = runs[first].header.value(key, Json());
    for (const std::size_t i : crossing) {
      const Json other = runs[i].header.value(key, Json());
      if (other == source[key]) continue;
      throw engine::Error("runs {} and {} differ in '{}' ({}, {}): fit a model for each", first, i, key,
                          source[key].dump(), other.dump());
    }
  }
  for (const std::size_t i : crossing) {
    if (runs[i].header["conditions"].value("rtt_s", Json()).is_number()) continue;
    throw engine::Error("run {}: crosses a network but states no conditions.rtt_s: the model needs it", i);
  }
  source["machine"] = runs[first].header.value("machine", Json());
  return source;
}

}  // namespace

LatencyModel fit(const Observations& observations) {
  Observations decode, prefill;
  for (const Observation& o : observations) {
    if (o.crossed()) (o.prefill ? prefill : decode).push_back(o);
  }
  if (decode.empty())
    throw engine::Error("the traces hold no decode step that crossed a network: nothing to fit");

  LatencyModel model;
  std::map<std::string, Observations> by_drafter;
  for (const Observation& o : decode) by_drafter[o.drafter].push_back(o);
  std::map<std::string, double> draft_s;
  for (const auto& [drafter, steps] : by_drafter) {
    draft_s[drafter] = model.drafters.emplace_back(describe_drafter(steps)).draft_s;
  }
  model.conditions = conditions_of(decode);
  model.decode = fit_phase(decode, draft_s);
  if (!prefill.empty()) model.prefill = fit_phase(prefill, {});
  model.rtt_s = range(decode, [](auto& o) { return o.condition.rtt_s; });
  model.up_bps = range(decode, [](auto& o) { return o.condition.up_bps; });
  model.down_bps = range(decode, [](auto& o) { return o.condition.down_bps; });
  model.rows = range(decode, [](auto& o) { return o.rows; });
  model.context = range(decode, [](auto& o) { return o.context; });
  return model;
}

LatencyModel fit(const std::vector<engine::Run>& runs) {
  const Observations observations = observe(runs);
  Json source = common_source(runs, observations);
  LatencyModel model = fit(observations);
  model.source = std::move(source);
  return model;
}

}  // namespace splitwan::model
