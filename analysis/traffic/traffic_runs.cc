#include "analysis/traffic/traffic_runs.hh"

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/traffic/nearest.hh"

namespace splitwan::analysis {
namespace {

struct Moments {
  double sum = 0, squares = 0, count = 0;
  void add(double x) { sum += x, squares += x * x, ++count; }
  double mean() const { return count > 0 ? sum / count : 0; }
  double spread() const {
    return count > 0 ? std::sqrt(std::max(0.0, squares / count - mean() * mean())) : 0;
  }
};

std::vector<double> features_of(const SeenRun& seen, bool timed) {
  Moments rows, lists, pauses;
  for (std::size_t s = 1; s < seen.steps.size(); ++s) {
    rows.add(seen.steps[s].rows);
    lists.add(seen.steps[s].lists);
    pauses.add(seen.steps[s].gap_s);
  }
  std::vector<double> features = {seen.steps[0].rows, rows.count,   rows.mean(),
                                  rows.spread(),      lists.mean(), lists.spread()};
  if (timed) features.insert(features.end(), {pauses.mean(), pauses.spread()});
  return features;
}

// Mean of `value` over the runs of other prompts; 0 without any.
template <typename Value>
double others_mean(const std::vector<Watched>& runs, std::size_t self, Value&& value) {
  Moments m;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].prompt != runs[self].prompt) m.add(value(i));
  }
  return m.mean();
}

double commonest_share(const std::vector<Example>& examples) {
  std::map<std::string, double> counts;
  double most = 0;
  for (const Example& e : examples) most = std::max(most, ++counts[e.label]);
  return most / static_cast<double>(examples.size());
}

double produced(const Watched& w) {
  double tokens = 0;
  for (const engine::Step& s : w.truth) tokens += s.accepted;
  return tokens;
}

}  // namespace

std::vector<ToldApart> tell_apart(const std::vector<Watched>& runs) {
  std::vector<ToldApart> all;
  for (const auto& [what, label] :
       {std::pair{"prompt class", &Watched::prompt_class}, {"drafter", &Watched::drafter}}) {
    for (const bool timed : {false, true}) {
      std::vector<Example> examples;
      examples.reserve(runs.size());
      for (const Watched& w : runs) examples.push_back({w.*label, w.prompt, features_of(w.seen, timed)});
      all.push_back({what, timed ? "sizes and timings" : "sizes", runs.size(),
                     share_right(examples, nearest_labels(examples)), commonest_share(examples)});
    }
  }
  return all;
}

std::vector<RunGuess> guess_runs(const std::vector<Watched>& runs, const std::vector<StepGuess>& steps) {
  std::vector<RunGuess> guesses(runs.size());
  const auto slack = [&](std::size_t i) { return runs[i].seen.steps[0].rows - runs[i].truth[0].rows; };
  for (std::size_t i = 0; i < runs.size(); ++i) {
    RunGuess& g = guesses[i];
    g.prompt = runs[i].truth[0].rows;
    g.prompt_said =
        runs[i].seen.steps[0].rows - (runs[i].padded ? std::round(others_mean(runs, i, slack)) : 0);
    g.tokens = produced(runs[i]);
    g.tokens_said = 1;  // the prompt's own
    g.tokens_blind = others_mean(runs, i, [&](std::size_t j) { return produced(runs[j]); });
  }
  for (const StepGuess& s : steps) guesses[s.run].tokens_said += s.expected;
  return guesses;
}

}  // namespace splitwan::analysis
