// Whether the model knows conditions it never saw: whole conditions are held out, predicted and compared.
#pragma once

#include <functional>

#include "model/fit/latency_model.hh"

namespace splitwan::model {

// What is held out together: all observations of one label. `order` sorts the folds.
struct Group {
  double order = 0;
  std::string label;
  // NOLINTNEXTLINE(modernize-use-nullptr): no pointer, the 0 of a defaulted comparison
  auto operator<=>(const Group&) const = default;
};
using GroupOf = std::function<Group(const Observation&)>;

Group by_rtt(const Observation&);
Group by_bandwidth(const Observation&);
Group by_condition(const Observation&);
Group by_prompt_class(const Observation&);
Group by_drafter(const Observation&);

// One condition and drafter of a held-out group. Errors are signed: predicted / measured - 1.
struct Fold {
  std::string held_out;
  Condition condition;
  std::string drafter;
  std::size_t runs = 0, steps = 0;
  double predicted_step_s = 0, measured_step_s = 0,
         error = 0;  // given the rows and bytes of the steps held out
  // With the tokens per step, rows and bytes of the other folds too, where they know the drafter.
  double predicted_tokens_per_s = 0, measured_tokens_per_s = 0, tokens_per_s_error = 0;
  double baseline_step_s = 0, baseline_error = 0;  // the published formula's
  std::map<std::string, double> baselines = {};    // errors of it and of others (baseline.hh)
  double predicted_median_s = 0, measured_median_s = 0,
         median_error = 0;  // of steps, wild ones left out of the former
};

struct CrossValidation {
  std::vector<Fold> folds;
  std::string note;  // why there are no folds
};

// Called per group with the model fitted on all others, and the runs held out; all of them crossed a network.
using OnHeldOut =
    std::function<void(const Group&, const LatencyModel&, const std::vector<Observation>& others,
                       const std::vector<Observation>& held_out)>;
// Returns the number of groups; below two nothing can be held out.
std::size_t hold_out(const std::vector<Observation>&, const GroupOf&, const OnHeldOut&);

std::vector<Fold> compare(const Group&, const LatencyModel&, const std::vector<Observation>& others,
                          const std::vector<Observation>& held_out);

Json to_json(const CrossValidation&);
// {median, worst, n} of an error's size; null without folds.
Json summary(const std::vector<Fold>&, double Fold::*error);

}  // namespace splitwan::model
