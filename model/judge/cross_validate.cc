#include "model/judge/cross_validate.hh"

#include <cmath>
#include <future>
#include <map>
#include <thread>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/judge/baseline.hh"

namespace splitwan::model {
namespace {

using Observations = std::vector<Observation>;
using Cell = std::pair<Condition, std::string>;  // condition and drafter
using Runs = std::vector<std::span<const Observation>>;

Fold compare_cell(const LatencyModel& model, const Baselines& baselines, const std::string& held_out,
                  const Runs& runs) {
  const Observation& any = runs[0][0];
  Fold fold{.held_out = held_out, .condition = any.condition, .drafter = any.drafter, .runs = runs.size()};
  double predicted_s = 0, measured_s = 0, tokens = 0;
  std::vector<double> typical, measured;
  std::vector<const Observation*> decode;
  for (const auto run : runs) {
    const auto predicted = model.run(run);
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run[i].prefill) continue;
      predicted_s += predicted[i].total_s();
      measured_s += run[i].total_s;
      typical.push_back(predicted[i].total_s() - predicted[i].loss_s() - model.decode.stragglers_s);
      measured.push_back(run[i].total_s);
      decode.push_back(&run[i]);
      tokens += run[i].accepted;
      ++fold.steps;
    }
  }
  const auto count = static_cast<double>(fold.steps);
  fold.predicted_step_s = predicted_s / count;
  fold.measured_step_s = measured_s / count;
  fold.error = predicted_s / measured_s - 1;
  const DrafterModel* known = model.find(fold.drafter);
  fold.predicted_tokens_per_s =
      known ? known->tokens_per_step() / model.decode_step(*known, fold.condition).total_s()
            : tokens / predicted_s;
  fold.measured_tokens_per_s = tokens / measured_s;
  fold.tokens_per_s_error = fold.predicted_tokens_per_s / fold.measured_tokens_per_s - 1;
  const auto simpler = baselines.step_s(expected_of(decode));
  for (const auto& [name, seconds] : simpler) fold.baselines[name] = seconds / fold.measured_step_s - 1;
  fold.baseline_step_s = simpler.at("published");
  fold.baseline_error = fold.baselines.at("published");
  fold.predicted_median_s = engine::median(std::move(typical));
  fold.measured_median_s = engine::median(std::move(measured));
  fold.median_error = fold.predicted_median_s / fold.measured_median_s - 1;
  return fold;
}

Json json(const Fold& f) {
  Json j = {{"held_out", f.held_out}};
  j.update(to_json(f.condition));
  j.update({{"drafter", f.drafter},
            {"runs", f.runs},
            {"steps", f.steps},
            {"predicted_step_s", f.predicted_step_s},
            {"measured_step_s", f.measured_step_s},
            {"error", f.error},
            {"predicted_tokens_per_s", f.predicted_tokens_per_s},
            {"measured_tokens_per_s", f.measured_tokens_per_s},
            {"tokens_per_s_error", f.tokens_per_s_error},
            {"baseline_step_s", f.baseline_step_s},
            {"baseline_error", f.baseline_error},
            {"baselines", f.baselines},
            {"median_error", f.median_error}});
  return j;
}

// Adds median and worst size of one error over the folds; null without folds.
void add_summary(Json& j, const std::vector<Fold>& folds, double Fold::*error, const std::string& name) {
  const Json s = summary(folds, error);
  j["median_abs_" + name] = s["median"];
  j["worst_abs_" + name] = s["worst"];
}

}  // namespace

Group by_rtt(const Observation& o) {
  return {o.condition.rtt_s, fmt::format("{:g} ms", o.condition.rtt_s * 1e3)};
}
Group by_bandwidth(const Observation& o) { return {o.condition.down_bps, bandwidth_label(o.condition)}; }
Group by_condition(const Observation& o) { return {o.condition.rtt_s, label(o.condition)}; }
Group by_prompt_class(const Observation& o) { return {0, o.prompt_class}; }
Group by_drafter(const Observation& o) { return {0, o.drafter}; }

Json summary(const std::vector<Fold>& folds, double Fold::*error) {
  std::vector<double> sizes;
  sizes.reserve(folds.size());
  for (const Fold& f : folds) sizes.push_back(std::abs(f.*error));
  return {{"median", sizes.empty() ? Json() : Json(engine::median(sizes))},
          {"worst", sizes.empty() ? Json() : Json(*std::max_element(sizes.begin(), sizes.end()))},
          {"n", sizes.size()}};
}

std::size_t hold_out(const Observations& observations, const GroupOf& group_of, const OnHeldOut& act) {
  std::map<Group, Observations> groups;
  for (const auto run : by_run(observations)) {
    if (std::none_of(run.begin(), run.end(), [](auto& o) { return o.crossed() && !o.prefill; })) continue;
    Observations& group = groups[group_of(run[0])];
    for (const Observation& o : run) {
      if (o.crossed()) group.push_back(o);
    }
  }
  if (groups.size() < 2) return groups.size();
  const auto without = [&](const Group& held_out) {
    Observations others;
    for (const auto& [other, steps] : groups) {
      if (other != held_out) others.insert(others.end(), steps.begin(), steps.end());
    }
    return others;
  };
  struct Fit {
    Observations others;
    LatencyModel model;
  };
  std::vector<std::pair<const Group*, std::future<Fit>>> fits;
  auto next = groups.begin();
  const auto begin_one = [&] {
    const Group& group = next++->first;
    fits.emplace_back(&group, std::async(std::launch::async, [&without, &group] {
      Observations others = without(group);
      LatencyModel model = fit(others);
      return Fit{std::move(others), std::move(model)};
    }));
  };
  const std::size_t ahead = std::max(1u, std::thread::hardware_concurrency());
  while (next != groups.end() && fits.size() < ahead) begin_one();
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Fit done = fits[i].second.get();
    const Group& group = *fits[i].first;
    if (next != groups.end()) begin_one();
    act(group, done.model, done.others, groups.at(group));
  }
  return groups.size();
}

std::vector<Fold> compare(const Group& group, const LatencyModel& model, const Observations& others,
                          const Observations& held_out) {
  const Baselines baselines(others);
  std::map<Cell, Runs> cells;
  for (const auto run : by_run(held_out)) cells[{run[0].condition, run[0].drafter}].push_back(run);
  std::vector<Fold> folds;
  folds.reserve(cells.size());
  for (const auto& [cell, runs] : cells) folds.push_back(compare_cell(model, baselines, group.label, runs));
  return folds;
}

Json to_json(const CrossValidation& v) {
  Json j = {{"folds", Json::array()}};
  for (const Fold& f : v.folds) j["folds"].push_back(json(f));
  add_summary(j, v.folds, &Fold::error, "error");
  add_summary(j, v.folds, &Fold::tokens_per_s_error, "tokens_per_s_error");
  add_summary(j, v.folds, &Fold::baseline_error, "baseline_error");
  if (!v.note.empty()) j["note"] = v.note;
  return j;
}

}  // namespace splitwan::model
