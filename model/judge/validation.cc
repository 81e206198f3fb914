#include "model/judge/validation.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/judge/coverage.hh"
#include "model/judge/cross_validate.hh"
#include "model/judge/identify.hh"
#include "model/judge/residual_test.hh"

namespace splitwan::model {
namespace {

struct Way {
  const char* name;
  GroupOf group_of;
  const char* what;
};

Json acceptance_test(const std::vector<Observation>& observations) {
  Json tests = Json::array();
  for (const IndependenceTest& t : test_rtt_independence(observations)) {
    tests.push_back({{"drafter", t.drafter},
                     {"chi_square", t.statistic},
                     {"degrees", t.degrees},
                     {"p_value", std::isnan(t.p_value) ? Json() : Json(t.p_value)},
                     {"steps", t.steps},
                     {"independent_of_rtt", std::isnan(t.p_value) ? Json() : Json(t.p_value >= 0.01)}});
  }
  return tests;
}

// {name: {median, worst, n}} of the simpler formulas' errors.
Json baseline_summary(const std::vector<Fold>& folds) {
  std::map<std::string, std::vector<double>> sizes;
  for (const Fold& f : folds) {
    for (const auto& [name, error] : f.baselines) sizes[name].push_back(std::abs(error));
  }
  Json j = Json::object();
  for (const auto& [name, list] : sizes)
    j[name] = {
        {"median", engine::median(list)}, {"worst", *std::ranges::max_element(list)}, {"n", list.size()}};
  return j;
}

}  // namespace

Json validate(const LatencyModel& model, const std::vector<Observation>& observations,
              const OnProgress& progress) {
  const Way ways[] = {{"rtt", by_rtt, "round-trip time"},
                      {"bandwidth", by_bandwidth, "bandwidth"},
                      {"condition", by_condition, "condition"},
                      {"prompt_class", by_prompt_class, "prompt class"},
                      {"drafter", by_drafter, "drafter"}};
  Json folds, lossy, baseline, baselines, tokens, details;
  Coverage whole, by_chance;
  std::size_t done = 0;
  for (const Way& way : ways) {
    if (progress) progress(done++, std::size(ways), std::string("holding out each ") + way.what);
    CrossValidation v;
    const bool conditions = std::string_view(way.name) == "condition";
    const std::size_t groups =
        hold_out(observations, way.group_of,
                 [&](const Group& group, const LatencyModel& m, const auto& others, const auto& held) {
                   for (Fold& fold : compare(group, m, others, held)) v.folds.push_back(std::move(fold));
                   if (!conditions) return;
                   const Coverage c = cover(m, others, held);
                   whole.add(c);
                   if (held[0].condition.loss > 0 || held[0].condition.jitter_s > 0) by_chance.add(c);
                 });
    if (groups < 2) v.note = fmt::format("the traces hold only one {}: nothing can be held out", way.what);
    std::vector<Fold> with_loss, without;
    for (const Fold& fold : v.folds) (fold.condition.loss > 0 ? with_loss : without).push_back(fold);
    lossy[way.name] = summary(with_loss, &Fold::error);
    for (auto [into, error] : {std::pair{&folds, &Fold::error},
                               {&baseline, &Fold::baseline_error},
                               {&tokens, &Fold::tokens_per_s_error}}) {
      (*into)[way.name] = summary(without.empty() ? with_loss : without, error);
      if (!v.note.empty()) (*into)[way.name]["note"] = v.note;
    }
    baselines[way.name] = baseline_summary(without.empty() ? with_loss : without);
    details[std::string("by_") + way.name] = to_json(v);
  }
  return {{"folds", std::move(folds)},
          {"lossy_folds", std::move(lossy)},
          {"coverage_90", whole.runs ? Json(whole.share()) : Json()},
          {"coverage_runs", {{"all", to_json(whole)}, {"with_loss_or_jitter", to_json(by_chance)}}},
          {"baseline_folds", std::move(baseline)},
          {"baselines", std::move(baselines)},
          {"tokens_per_s_folds", std::move(tokens)},
          {"residual_test", to_json(test_residuals(model, observations))},
          {"acceptance_test", acceptance_test(observations)},
          {"unidentified", to_json(unidentified(model, observations))},
          {"cross_validation", std::move(details)}};
}

}  // namespace splitwan::model
