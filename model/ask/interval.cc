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
  const auto part = [](double seconds, const Coefficient& c) {
    if (seconds == 0) return 0.0;
    return std::isfinite(c.error) && c.value > 0 ? seconds * c.error / c.value
                                                 : seconds;  // never measured: all of it
  };
  return std::sqrt(sum + square(part(mean.recovery_s, model.chance.recovery)) +
                   square(part(mean.timeout_s, model.chance.timeout)) +
                   square(part(mean.jitter_s, model.chance.jitter)));
}

// Knuth's for few, normal for many.
double poisson(double mean, std::mt19937_64& random) {
  if (mean > 50) return std::max(0.0, std::round(mean + std::sqrt(mean) * normal(random)));
  double product = uniform(random);
  int count = 0;
  for (const double limit = std::exp(-mean); product > limit; ++count) product *= uniform(random);
  return count;
}

// Per step, of events that cost `each` and are `mean_s` per step on average.
double drawn_losses(double mean_s, double each, double steps, std::mt19937_64& random) {
  if (mean_s <= 0 || each <= 0) return 0;
  return poisson(steps * mean_s / each, random) * each / steps;
}

}  // namespace

Interval interval(const LatencyModel& model, const DrafterModel& drafter, const Condition& condition,
                  const Components& mean, const ClassAcceptance& gain, std::size_t steps, double distance,
                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto n = static_cast<double>(std::max<std::size_t>(steps, 1));
  const double step_noise =
      std::sqrt(square(model.decode.noise_s) + square(model.chance.jitter_noise * condition.jitter_s)) /
      std::sqrt(n);
  const double constant = std::hypot(step_noise, coefficient_error(model, drafter.mean_shape(), mean));
  const double fastest_s = mean.rtt_s + mean.wire_s;  // physics: nothing shortens these
  const double relative = doubt_per_efold * distance;
  const double recovery_s = model.chance.recovery.value * condition.rtt_s;
  const double timeout_s = model.chance.timeout.value * (condition.rtt_s + least_timeout_s);
  std::vector<double> rates(replicates);
  for (double& rate : rates) {
    double step_s = mean.total_s() - mean.loss_s() + constant * normal(random);
    step_s += drawn_losses(mean.recovery_s, recovery_s, n, random) +
              drawn_losses(mean.timeout_s, timeout_s, n, random);
    step_s *= std::max(0.1, 1 + relative * normal(random));
    rate = draw_tokens_per_step(gain, drafter.most_rows(), random) /
           std::max({step_s, fastest_s, 0.1 * mean.total_s()});  // a step is never free
  }
  std::sort(rates.begin(), rates.end());
  return {rates[static_cast<std::size_t>(tail * replicates)],
          rates[static_cast<std::size_t>((1 - tail) * replicates) - 1]};
}

}  // namespace splitwan::model
