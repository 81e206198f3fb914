// Non-negative least squares that a few wild measurements cannot bend.
#pragma once

#include <vector>

namespace splitwan::model {

struct Coefficient {
  double value = 0;
  double error = 0;  // standard error; NaN when the data say nothing (at its bound, or not told apart)
};

// Of residuals, in standard deviations: what lies further out counts less. 95 % efficient on normal data
// (Huber 1981).
constexpr double huber_bound = 1.345;

// y ~ sum of coefficients[j] * columns[j], coefficients >= 0: Huber weights, iteratively reweighted.
// With an infinite bound plain least squares: for means of what is skewed by nature.
// At most a handful of columns: every subset is tried.
std::vector<Coefficient> robust_fit(const std::vector<std::vector<double>>& columns,
                                    const std::vector<double>& y, double bound = huber_bound);

// Standard deviation as 1.4826 x the median distance from the median.
double robust_spread(const std::vector<double>& values);

}  // namespace splitwan::model
