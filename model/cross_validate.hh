// Whether the model knows conditions it never saw: whole conditions are held out, predicted and compared.
#pragma once

#include <functional>

#include "model/latency_model.hh"

namespace splitwan::model {

// What is held out together: all observations of one label. `order` sorts the folds.
struct Group {
  double order = 0;
  std::string label;
  auto operator<=>(const Group&) const = default;
};
using GroupOf = std::function<Group(const Observation&)>;

Group by_rtt(const Observation&);
Group by_bandwidth(const Observation&);
Group by_prompt_class(const Observation&);
Group by_drafter(const Observation&);

// One condition and drafter of a held-out group. Errors are signed: predicted / measured - 1.
struct Fold {
  std::string held_out;
  Condition condition;
  std::string drafter;
  std::size_t steps = 0;
  double predicted_step_s = 0, measured_step_s = 0,
         error = 0;  // given the rows and bytes of the steps held out
  // With the tokens per step, rows and bytes of the other folds too, where they know the drafter.
  double predicted_tokens_per_s = 0, measured_tokens_per_s = 0, tokens_per_s_error = 0;
};

struct CrossValidation {
  std::vector<Fold> folds;
  std::string note;  // why there are no folds
};

CrossValidation cross_validate(const std::vector<Observation>&, const GroupOf&, const std::string& what);
// {by_rtt: {folds, median_abs_error, worst_abs_error, ...}, by_bandwidth: ..., ...}
Json cross_validate_all(const std::vector<Observation>&);
Json to_json(const CrossValidation&);

}  // namespace splitwan::model
