// Whether what the model leaves unexplained still depends on something: then a term is missing or wrong.
#pragma once

#include <cmath>

#include "model/fit/latency_model.hh"

namespace splitwan::model {

struct Suspect {
  std::string term;
  double slope = 0;      // seconds of step per unit of the term
  double effect = 0;     // standard deviation that it would explain, as a share of the mean step
  double p_value = 1;    // that the slope is 0
  double visible = NAN;  // the least effect that this test would see; NaN: nothing to judge by
};

struct ResidualTest {
  std::vector<Suspect> terms;  // all that were tried, largest effect first
  std::size_t steps = 0;
  bool passed = true;     // which says nothing unless some term was
  bool testable() const;  // varied over steps enough to be judged
  std::vector<std::string> suspects() const;
};

// A term is suspect when its p-value is below 1 % after Bonferroni and it would explain 1 % of the step or
// more: in large traces the smallest imperfection is significant.
ResidualTest test_residuals(const LatencyModel&, const std::vector<Observation>&);
// {passed (null: not testable), why_not_testable (null: it is), suspects, terms}.
Json to_json(const ResidualTest&);

}  // namespace splitwan::model
