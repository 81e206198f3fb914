#include "model/cross_validate.hh"

#include <cmath>
#include <map>

#include "engine/error.hh"

namespace splitwan::model {
namespace {

using Observations = std::vector<Observation>;
using Cell = std::pair<Condition, std::string>;  // condition and drafter

Fold compare(const LatencyModel& model, const std::string& held_out, const Observations& steps) {
  Fold fold{.held_out = held_out,
            .condition = steps[0].condition,
            .drafter = steps[0].drafter,
            .steps = steps.size()};
  const DrafterModel* known = model.find(fold.drafter);
  double predicted_s = 0, measured_s = 0, tokens = 0;
  for (const Observation& o : steps) {
    predicted_s += model.decode.step(shape_of(o), o.condition).total_s() + (known ? known->draft_s : 0);
    measured_s += o.total_s;
    tokens += o.accepted;
  }
  const auto count = static_cast<double>(steps.size());
  fold.predicted_step_s = predicted_s / count;
  fold.measured_step_s = measured_s / count;
  fold.error = predicted_s / measured_s - 1;
  fold.predicted_tokens_per_s =
      known ? known->tokens_per_step() / model.decode_step(*known, fold.condition).total_s()
            : tokens / predicted_s;
  fold.measured_tokens_per_s = tokens / measured_s;
  fold.tokens_per_s_error = fold.predicted_tokens_per_s / fold.measured_tokens_per_s - 1;
  return fold;
}

Json json(const Fold& f) {
  Json j = {{"held_out", f.held_out}};
  j.update(to_json(f.condition));
  j.update({{"drafter", f.drafter},
            {"steps", f.steps},
            {"predicted_step_s", f.predicted_step_s},
            {"measured_step_s", f.measured_step_s},
            {"error", f.error},
            {"predicted_tokens_per_s", f.predicted_tokens_per_s},
            {"measured_tokens_per_s", f.measured_tokens_per_s},
            {"tokens_per_s_error", f.tokens_per_s_error}});
  return j;
}

// Adds median and worst size of one error over the folds; null without folds.
void add_summary(Json& j, const std::vector<Fold>& folds, double Fold::*error, const std::string& name) {
  std::vector<double> sizes;
  for (const Fold& f : folds) sizes.push_back(std::abs(f.*error));
  j["median_abs_" + name] = sizes.empty() ? Json() : Json(median(sizes));
  j["worst_abs_" + name] = sizes.empty() ? Json() : Json(*std::max_element(sizes.begin(), sizes.end()));
}

}  // namespace

Group by_rtt(const Observation& o) {
  return {o.condition.rtt_s, fmt::format("{:g} ms", o.condition.rtt_s * 1e3)};
}
Group by_bandwidth(const Observation& o) { return {o.condition.down_bps, bandwidth_label(o.condition)}; }
Group by_prompt_class(const Observation& o) { return {0, o.prompt_class}; }
Group by_drafter(const Observation& o) { return {0, o.drafter}; }

CrossValidation cross_validate(const Observations& observations, const GroupOf& group_of,
                               const std::string& what) {
  std::map<Group, std::map<Cell, Observations>> groups;
  for (const Observation& o : observations) {
    if (o.crossed() && !o.prefill) groups[group_of(o)][{o.condition, o.drafter}].push_back(o);
  }
  CrossValidation result;
  if (groups.size() < 2) {
    result.note = fmt::format("the traces hold only one {}: nothing can be held out", what);
    return result;
  }
  for (const auto& [held_out, cells] : groups) {
    Observations others;
    for (const Observation& o : observations) {
      if (group_of(o) != held_out) others.push_back(o);
    }
    const LatencyModel model = fit(others);
    for (const auto& [cell, steps] : cells) result.folds.push_back(compare(model, held_out.label, steps));
  }
  return result;
}

Json cross_validate_all(const Observations& observations) {
  return {{"by_rtt", to_json(cross_validate(observations, by_rtt, "round-trip time"))},
          {"by_bandwidth", to_json(cross_validate(observations, by_bandwidth, "bandwidth"))},
          {"by_prompt_class", to_json(cross_validate(observations, by_prompt_class, "prompt class"))},
          {"by_drafter", to_json(cross_validate(observations, by_drafter, "drafter"))}};
}

Json to_json(const CrossValidation& v) {
  Json j = {{"folds", Json::array()}};
  for (const Fold& f : v.folds) j["folds"].push_back(json(f));
  add_summary(j, v.folds, &Fold::error, "error");
  add_summary(j, v.folds, &Fold::tokens_per_s_error, "tokens_per_s_error");
  if (!v.note.empty()) j["note"] = v.note;
  return j;
}

}  // namespace splitwan::model
