// The closed form (closed_form.hh) fitted to traces, and its file.
#pragma once

#include "model/fit/closed_form.hh"

namespace splitwan::model {

constexpr int model_schema_version = 3;
// What the file keeps of the fit's own checks (validation.hh).
constexpr const char* validation_keys[] = {
    "folds",          "lossy_folds",        "coverage_90",   "coverage_runs",
    "baseline_folds", "tokens_per_s_folds", "residual_test", "acceptance_test",
    "unidentified",   "cross_validation",   "baselines",     "test",
    "first_tokens",   "test_groups",        "test_summary"};
constexpr const char* model_kind = "latency_model";  // the file says so under "kind"

// What can be fitted of a study: live runs' links are measured (live.hh), runs whose link is none that the
// model can take are left out. Throws Error when runs differ in more than link, drafter, prompt and seed.
struct Fittable {
  std::vector<Observation> steps;
  std::vector<FittedCondition> left_out;  // whole runs: steps 0; else so many steps of them
  Json source;
  std::vector<DrafterModel> rehearsed = {};
};
// `to_test`: on any wire, for bytes are as the steps have them.
Fittable fittable(const Study&, bool to_test = false);

// Follows each run's exchanges over its link, where that was not done yet: fills Observation::expected.
void expect(std::vector<Observation>&);

// Throws Error without decode steps that crossed a network.
LatencyModel fit(const Fittable&);
LatencyModel fit(const std::vector<engine::Run>&);
LatencyModel fit(const std::vector<Observation>&);  // `source` stays empty

Json to_json(const Components&);
Json to_json(const LatencyModel&);
LatencyModel model_of(const Json&, const std::string& name);  // throws Error naming `name` and the key
LatencyModel read_model_file(const std::string& path);

}  // namespace splitwan::model
