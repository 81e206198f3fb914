#include "model/projection.hh"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "engine/error.hh"

namespace splitwan::model {
namespace {

constexpr int replicates = 1000;
constexpr double tail = 0.05;  // on either side of a 90 % interval

double uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

// Box-Muller: the standard library's distributions differ between implementations.
double normal(std::mt19937_64& random) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
  return radius * std::cos(2 * M_PI * uniform(random));
}

// Mean tokens per step of `steps` steps drawn from the histogram.
double resampled_gain(const std::vector<double>& cumulative, std::size_t steps, std::mt19937_64& random) {
  double tokens = 0;
  for (std::size_t i = 0; i < steps; ++i) {
    const double at = uniform(random) * cumulative.back();
    tokens +=
        static_cast<double>(std::upper_bound(cumulative.begin(), cumulative.end(), at) - cumulative.begin());
  }
  return tokens / static_cast<double>(steps);
}

void set_interval(Point& point, const DrafterModel& drafter, double residual_s, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::size_t steps = std::max<std::size_t>(1, drafter.steps / std::max<std::size_t>(1, drafter.runs));
  std::vector<double> cumulative;
  double sum = 0;
  for (const auto count : drafter.accepted) cumulative.push_back(sum += static_cast<double>(count));
  std::vector<double> rates(replicates);
  for (double& rate : rates) {
    const double noise = residual_s / std::sqrt(static_cast<double>(steps)) * normal(random);
    const double step_s = std::max(point.step_s + noise, 0.1 * point.step_s);  // a step is never free
    rate = resampled_gain(cumulative, steps, random) / step_s;
  }
  std::sort(rates.begin(), rates.end());
  point.low = rates[static_cast<std::size_t>(tail * replicates)];
  point.high = rates[static_cast<std::size_t>((1 - tail) * replicates) - 1];
}

}  // namespace

Point project(const LatencyModel& model, const Condition& condition, const std::string& drafter,
              std::uint64_t seed) {
  const DrafterModel* d = model.find(drafter);
  if (!d) {
    std::string known;
    for (const DrafterModel& m : model.drafters) known += (known.empty() ? "" : ", ") + m.drafter;
    throw engine::Error("the model knows no drafter '{}': expected one of {}", drafter, known);
  }
  Point point;
  point.condition = condition;
  point.drafter = drafter;
  point.components = model.decode_step(*d, condition);
  point.step_s = point.components.total_s();
  point.tokens_per_step = d->tokens_per_step();
  point.tokens_per_s = point.tokens_per_step / point.step_s;
  point.extrapolated = !model.rtt_s.holds(condition.rtt_s) || !model.up_bps.holds(condition.up_bps) ||
                       !model.down_bps.holds(condition.down_bps);
  set_interval(point, *d, model.decode.residual_s, seed);
  return point;
}

Json to_json(const Point& p) {
  const Json condition = to_json(p.condition);
  return {{"rtt_s", condition["rtt_s"]},
          {"up_bps", condition["up_bps"]},
          {"down_bps", condition["down_bps"]},
          {"drafter", p.drafter},
          {"tokens_per_s", p.tokens_per_s},
          {"low", p.low},
          {"high", p.high},
          {"tokens_per_step", p.tokens_per_step},
          {"step_s", p.step_s},
          {"components", to_json(p.components)},
          {"extrapolated", p.extrapolated}};
}

Condition usual_condition(const LatencyModel& model) {
  struct Link {
    std::size_t runs = 0;
    std::vector<Condition> conditions;
  };
  std::map<std::pair<double, double>, Link> links;  // by rates
  for (const FittedCondition& c : model.conditions) {
    Link& link = links[{c.condition.up_bps, c.condition.down_bps}];
    link.runs += c.runs;
    link.conditions.push_back(c.condition);
  }
  if (links.empty()) throw engine::Error("the model holds no condition it was fitted on");
  auto& usual = std::max_element(links.begin(), links.end(), [](auto& a, auto& b) {
                  return a.second.runs < b.second.runs;
                })->second.conditions;
  const auto middle = usual.begin() + static_cast<std::ptrdiff_t>(usual.size() / 2);
  std::nth_element(usual.begin(), middle, usual.end(), [](auto& a, auto& b) { return a.rtt_s < b.rtt_s; });
  return *middle;
}

}  // namespace splitwan::model
