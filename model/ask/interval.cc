// Where a run would land: everything that chance does to it, drawn again and again.
#include <algorithm>
#include <cmath>
#include <random>

#include "model/ask/projection.hh"

namespace splitwan::model {
namespace {

constexpr int replicates = 1000;
constexpr double tail = 0.05;  // on either side of a 90 % interval
// What an e-folding outside the fitted range may change, as a standard deviation of the step: our estimate,
// no measurement.
constexpr double doubt_per_efold = 0.1;

double square(double x) { return x * x; }

double known(double error) { return std::isfinite(error) ? error : 0; }

// Of the mean step: the coefficients' standard errors, taken as independent.
double coefficient_error(const LatencyModel& model, const StepShape& s, const Components& mean) {
  double sum = square(known(model.decode.overhead_s.error));
  for (const WorkCost* w : {&model.decode.client, &model.decode.server}) {
    sum += square(known(w->fixed_s.error)) + square(known(w->per_row_s.error) * s.rows) +
           square(known(w->per_row_context_s.error) * s.rows * s.context);
  }
  if (!model.chance.applied) return std::sqrt(sum);
  const auto part = [](double seconds, const Coefficient& c) {
    if (seconds == 0 || !std::isfinite(c.error)) return 0.0;
    return std::abs(seconds) * c.error / std::max(c.value, 1e-9);
  };
  return std::sqrt(sum + square(part(mean.loss_s(), model.chance.loss)) +
                   square(part(mean.jitter_s, model.chance.jitter)));
}

}  // namespace

Interval interval(const LatencyModel& model, const DrafterModel& drafter, const Answer& answer,
                  const ClassAcceptance& gain, std::size_t steps, double distance, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const Components& mean = answer.step;
  const double constant = coefficient_error(model, drafter.mean_shape(), mean);
  const double fastest_s = mean.rtt_s + mean.wire_s;  // physics: nothing shortens these
  const double relative = doubt_per_efold * distance;
  std::vector<double> rates(replicates);
  for (double& rate : rates) {
    const auto world =
        static_cast<std::size_t>(uniform(random) * static_cast<double>(answer.by_world.size()));
    double step_s = answer.by_world[world] + constant * normal(random) +
                    NoiseStream(model.decode.noise).mean(std::max<std::size_t>(steps, 1), random);
    step_s *= std::max(0.1, 1 + relative * normal(random));
    rate = draw_tokens_per_step(gain, drafter.most_rows(), random) /
           std::max({step_s, fastest_s, 0.1 * mean.total_s()});  // a step is never free
  }
  std::sort(rates.begin(), rates.end());
  return {rates[static_cast<std::size_t>(tail * replicates)],
          rates[static_cast<std::size_t>((1 - tail) * replicates) - 1]};
}

StepLanding step_landing(const LatencyModel& model, std::span<const Observation> run) {
  // Chance needs many worlds, work that decides what a queue or a timeout does some; else few are enough.
  constexpr std::size_t few = 6, some = 32, many = 128;
  Answer answer = model.answer(run, few);
  if (answer.fragile) answer = model.answer(run, answer.by_chance ? many : some);
  StepShape mean{.share = 0};
  std::size_t steps = 0;
  for (const Observation& o : run) {
    if (o.prefill) continue;
    mean.rows += o.rows, mean.context += o.context;
    ++steps;
  }
  steps = std::max<std::size_t>(1, steps);
  mean.rows /= static_cast<double>(steps), mean.context /= static_cast<double>(steps);
  std::mt19937_64 random(1 + run[0].run);
  const double constant = coefficient_error(model, mean, answer.step);
  std::vector<double> means(replicates);
  for (double& m : means) {
    const auto world =
        static_cast<std::size_t>(uniform(random) * static_cast<double>(answer.by_world.size()));
    m = answer.by_world[world] + constant * normal(random) +
        NoiseStream(model.decode.noise).mean(steps, random);
  }
  std::sort(means.begin(), means.end());
  return {answer.step.total_s(),
          {means[static_cast<std::size_t>(tail * replicates)],
           means[static_cast<std::size_t>((1 - tail) * replicates) - 1]}};
}

}  // namespace splitwan::model
