#include "analysis/traffic/traffic_steps.hh"

#include <fmt/format.h>

#include <map>
#include <optional>

#include "analysis/traffic/nearest.hh"

namespace splitwan::analysis {
namespace {

constexpr double entry = 4;  // bytes of a row's number in a request's lists

// The number of rows kept, of `rows`, in the next request's lists. A tree adds an entry for each of its own
// rows; two rows make no tree. Both readings may fit: then the smaller, since most steps keep few.
std::optional<int> kept(double rows, const SeenStep& next) {
  const double listed = next.lists / entry;
  const double with_tree = listed - next.rows;
  if (next.rows >= 3 && with_tree >= 1 && with_tree <= rows) return static_cast<int>(with_tree);
  if (listed >= 1 && listed <= rows) return static_cast<int>(listed);
  return {};
}

const SeenStep* after(const Watched& w, std::size_t step) {
  return step + 1 < w.seen.steps.size() ? &w.seen.steps[step + 1] : nullptr;
}

struct Known {              // a step with what can be compared
  std::string size, sizes;  // of this message; and of the one after it
  std::string prompt;
  double pause = 0;
  int rows = 0, accepted = 0;
};

using Method = std::vector<std::string> (*)(const std::vector<Example>&);

// What `method` says of each step's label among the steps of the same key; where it has none, `otherwise`.
std::vector<int> say(const std::vector<Known>& steps, Method method, std::string Known::*key,
                     int Known::*label, const std::vector<int>& otherwise) {
  std::map<std::string, std::vector<std::size_t>> parts;
  for (std::size_t i = 0; i < steps.size(); ++i) parts[key ? steps[i].*key : ""].push_back(i);
  std::vector<int> said = otherwise;
  for (const auto& [_, part] : parts) {
    std::vector<Example> examples;
    examples.reserve(part.size());
    for (const std::size_t i : part)
      examples.push_back({std::to_string(steps[i].*label), steps[i].prompt, {steps[i].pause}});
    const auto labels = method(examples);
    for (std::size_t j = 0; j < part.size(); ++j)
      if (!labels[j].empty()) said[part[j]] = std::stoi(labels[j]);
  }
  return said;
}

// Mean of accepted among the steps of this size of other prompts; `otherwise` where there are none.
std::vector<double> expect(const std::vector<Known>& steps, const std::vector<int>& otherwise) {
  struct Sum {
    double tokens = 0, steps = 0;
  };
  std::map<std::string, Sum> all;
  std::map<std::pair<std::string, std::string>, Sum> own;
  for (const Known& k : steps) {
    for (Sum* sum : {&all[k.size], &own[{k.size, k.prompt}]}) sum->tokens += k.accepted, ++sum->steps;
  }
  std::vector<double> expected(otherwise.begin(), otherwise.end());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Sum a = all[steps[i].size], b = own[{steps[i].size, steps[i].prompt}];
    if (a.steps > b.steps) expected[i] = (a.tokens - b.tokens) / (a.steps - b.steps);
  }
  return expected;
}

}  // namespace

std::vector<StepGuess> guess_steps(const std::vector<Watched>& runs) {
  std::vector<StepGuess> guesses;
  std::vector<Known> known;
  for (std::size_t r = 0; r < runs.size(); ++r) {
    for (std::size_t s = 1; s < runs[r].seen.steps.size(); ++s) {
      const SeenStep& now = runs[r].seen.steps[s];
      const SeenStep* next = after(runs[r], s);
      Known k{fmt::format("{}", now.rows), "", runs[r].prompt, next ? next->gap_s : 0};
      k.sizes = next ? fmt::format("{} {} {}", now.rows, next->rows, next->lists) : k.size;
      k.rows = static_cast<int>(runs[r].truth[s].rows);
      k.accepted = static_cast<int>(runs[r].truth[s].accepted);
      known.push_back(k);
      guesses.push_back({.run = r, .step = s, .rows = k.rows, .accepted = k.accepted});
    }
  }
  const std::vector<int> one(known.size(), 1);
  const auto blind = say(known, commonest_labels, nullptr, &Known::accepted, one);
  const auto usual = say(known, commonest_labels, &Known::size, &Known::accepted, blind);
  const auto timed = say(known, nearest_labels, &Known::sizes, &Known::accepted, usual);
  const auto rows = say(known, commonest_labels, &Known::size, &Known::rows, one);
  const auto expected = expect(known, blind);
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    StepGuess& g = guesses[i];
    const Watched& run = runs[g.run];
    const SeenStep* next = after(run, g.step);
    const auto read = run.padded || !next ? std::nullopt : kept(run.seen.steps[g.step].rows, *next);
    g.rows_said = run.padded ? rows[i] : static_cast<int>(run.seen.steps[g.step].rows);
    g.blind = blind[i];
    g.by_size = read.value_or(usual[i]);
    g.by_time = read.value_or(timed[i]);
    g.expected = read ? *read : expected[i];
  }
  return guesses;
}

}  // namespace splitwan::analysis
