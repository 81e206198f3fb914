#include "scenarios/gate/measured_trials.hh"

#include <algorithm>

#include "analysis/trials/power.hh"

namespace splitwan::scenarios {
namespace {

std::vector<double> values_of(const std::vector<ComputeSample>& samples) {
  std::vector<double> values(samples.size());
  std::ranges::transform(samples, values.begin(), &ComputeSample::per_token_s);
  return values;
}

// Repetitions that a series needs as far as is known now.
std::size_t target_of(const MeasuredSeries& series, const TrialsAsked& asked, std::size_t metrics) {
  const analysis::TestSize size{asked.rules.alpha / static_cast<double>(metrics), asked.rules.power};
  const auto trial = trial_of(series);
  const auto needed = analysis::repetitions_for(analysis::scatter_of(trial.ours, trial.theirs),
                                                asked.rules.least_effect, size);
  const std::size_t most = 2 * series.pairs();  // what is known of the scatter is known better then
  return std::min(most, needed.value_or(most));
}

// False where time is up.
bool one_pair(MeasuredSeries& series, std::size_t index, const RunOnce& run) {
  std::array<std::optional<ComputeSample>, 2> pair;
  const int first = static_cast<int>(series.pairs() % 2);
  for (const int program : {first, 1 - first}) {
    auto& sample = pair[static_cast<std::size_t>(program)];
    sample = run(index, program);
    if (!sample) return false;
  }
  for (std::size_t program = 0; program < 2; ++program)
    series.samples[program].push_back(std::move(*pair[program]));
  return true;
}

}  // namespace

analysis::Trial trial_of(const MeasuredSeries& series) {
  return {series.name, values_of(series.samples[0]), values_of(series.samples[1])};
}

void take_turns(std::vector<MeasuredSeries>& all, const RunOnce& run, const TrialsAsked& asked) {
  std::vector<std::size_t> targets(all.size(), std::max<std::size_t>(2, asked.least));
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].pairs() >= targets[i]) continue;
      more = true;
      if (asked.progress) asked.progress(all[i].pairs(), targets[i], all[i].name);
      if (!one_pair(all[i], i, run)) return;
      if (all[i].pairs() == targets[i])
        targets[i] = std::max(targets[i], target_of(all[i], asked, all.size()));
    }
  }
}

}  // namespace splitwan::scenarios
