// Medians and quantiles.
#pragma once

#include <vector>

namespace splitwan::engine {

double median(std::vector<double> values);              // mean of the middle two when even, NaN when empty
double quantile(std::vector<double> values, double q);  // between neighbours in proportion; of one or more

}  // namespace splitwan::engine
