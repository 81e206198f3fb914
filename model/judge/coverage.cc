#include "model/judge/coverage.hh"

#include <fmt/format.h>

#include <map>

#include "model/ask/projection.hh"

namespace splitwan::model {
namespace {

using ByPrompt = std::map<std::string, TokenSums>;
using ByClass = std::map<std::string, ByPrompt>;

// Of a class's other prompts; of all other prompts where it has none.
ClassAcceptance without(const ByClass& classes, const Observation& run) {
  ByPrompt same, all;
  for (const auto& [name, prompts] : classes) {
    for (const auto& [prompt, sums] : prompts) {
      if (name == run.prompt_class && prompt == run.prompt) continue;
      all[fmt::format("{}\n{}", name, prompt)] = sums;
      if (name == run.prompt_class) same[prompt] = sums;
    }
  }
  return summarise_prompts(run.prompt_class, same.size() > 1 ? same : all);
}

}  // namespace

void Coverage::add(const Coverage& c) {
  runs += c.runs;
  inside += c.inside;
  below += c.below;
  above += c.above;
}

Json to_json(const Coverage& c) {
  return {{"runs", c.runs},
          {"inside", c.inside},
          {"below", c.below},
          {"above", c.above},
          {"share", c.runs ? Json(c.share()) : Json()}};
}

Coverage cover(const LatencyModel& model, const std::vector<Observation>& others,
               const std::vector<Observation>& held_out) {
  std::map<std::string, ByClass> gains;  // by drafter
  for (const Observation& o : others) {
    if (!o.prefill) gains[o.drafter][o.prompt_class][o.prompt].add(o);
  }
  std::map<std::pair<Condition, std::string>, Answer> answers;
  Coverage coverage;
  for (const auto run : by_run(held_out)) {
    const DrafterModel* drafter = model.find(run[0].drafter);
    if (!drafter) continue;
    double tokens = 0, seconds = 0;
    std::size_t steps = 0;
    for (const Observation& o : run) {
      if (o.prefill) continue;
      tokens += o.accepted;
      seconds += o.total_s;
      ++steps;
    }
    if (steps == 0) continue;
    const ClassAcceptance gain = without(gains[drafter->drafter], run[0]);
    if (gain.prompts == 0) continue;
    const auto key = std::pair(run[0].condition, drafter->drafter);
    if (!answers.contains(key)) answers[key] = model.answer(*drafter, run[0].condition, 32);
    const Interval i = interval(model, *drafter, answers[key], gain, steps, 0, 1 + run[0].run);
    const double rate = tokens / seconds;
    ++coverage.runs;
    rate<i.low ? ++coverage.below : rate> i.high ? ++coverage.above : ++coverage.inside;
  }
  return coverage;
}

}  // namespace splitwan::model
