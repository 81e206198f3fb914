#include "model/fit/robust_fit.hh"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/order_statistics.hh"

namespace splitwan::model {
namespace {

using engine::median;
using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr double mad_to_sigma = 1.4826;  // of a normal distribution
// Deterministic runs fit exactly; below 1 % of the typical value a difference is structure, not a wild point.
constexpr double least_relative_sigma = 0.01;
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct Solution {
  Vector value;
  std::vector<Eigen::Index> used;
  double distance = std::numeric_limits<double>::infinity();
};

// min |a x - b| with x >= 0. The few columns allow all subsets; a column that adds nothing stays out, so
// columns that the data do not tell apart (rows when every step has one row) share the first one's
// coefficient.
Solution solve_nonnegative(const Matrix& a, const Vector& b) {
  Solution best{Vector::Zero(a.cols()), {}, b.norm()};
  const double gain = 1e-12 * b.norm();
  std::vector<unsigned> subsets((1u << a.cols()) - 1);
  for (unsigned i = 0; i < subsets.size(); ++i) subsets[i] = i + 1;
  std::stable_sort(subsets.begin(), subsets.end(),
                   [](unsigned x, unsigned y) { return __builtin_popcount(x) < __builtin_popcount(y); });
  for (const unsigned subset : subsets) {
    std::vector<Eigen::Index> used;
    for (Eigen::Index j = 0; j < a.cols(); ++j) {
      if (subset >> j & 1) used.push_back(j);
    }
    Eigen::ColPivHouseholderQR<Matrix> qr;
    qr.setThreshold(1e-9);
    qr.compute(a(Eigen::all, used));
    if (qr.rank() < static_cast<Eigen::Index>(used.size())) continue;
    const Vector x = qr.solve(b);
    if (x.minCoeff() < 0) continue;
    const double distance = (a(Eigen::all, used) * x - b).norm();
    if (distance >= best.distance - gain) continue;
    best = {Vector::Zero(a.cols()), used, distance};
    best.value(used) = x;
  }
  return best;
}

// Square root of Huber's weight, so that it multiplies rows.
Vector root_weights(const Vector& residual, double sigma, double bound) {
  return residual.unaryExpr(
      [&](double r) { return r == 0 ? 1.0 : std::sqrt(std::min(1.0, bound * sigma / std::abs(r))); });
}

double median_distance_from_zero(const Vector& v) {
  std::vector<double> sizes(v.size());
  for (Eigen::Index i = 0; i < v.size(); ++i) sizes[i] = std::abs(v[i]);
  return median(std::move(sizes));
}

}  // namespace

std::vector<Coefficient> robust_fit(const std::vector<std::vector<double>>& columns,
                                    const std::vector<double>& y, double bound) {
  const auto n = static_cast<Eigen::Index>(y.size()), p = static_cast<Eigen::Index>(columns.size());
  const Eigen::Index kept = std::min(n, p);
  Matrix x(n, p);
  Vector scale(p);
  for (Eigen::Index j = 0; j < p; ++j) {
    x.col(j) = Eigen::Map<const Vector>(columns[j].data(), n);
    scale[j] = std::max(x.col(j).cwiseAbs().maxCoeff(), std::numeric_limits<double>::min());
    x.col(j) /= scale[j];
  }
  const Vector target = Eigen::Map<const Vector>(y.data(), n);
  const double least_sigma = std::max(least_relative_sigma * median_distance_from_zero(target), 1e-12);

  Vector weight = Vector::Ones(n), residual = target;
  Solution solution;
  Matrix r;
  for (int iteration = 0; iteration < 100; ++iteration) {
    // Reduce n rows to the p that matter, so that the subsets are tried on a p x p problem.
    const Eigen::HouseholderQR<Matrix> qr(weight.asDiagonal() * x);
    r = qr.matrixQR().topRows(kept).triangularView<Eigen::Upper>();
    const Vector b = (qr.householderQ().adjoint() * (weight.asDiagonal() * target)).head(kept);
    const Vector before = solution.value;
    solution = solve_nonnegative(r, b);
    residual = target - x * solution.value;
    const double sigma = std::max(mad_to_sigma * median_distance_from_zero(residual), least_sigma);
    weight = root_weights(residual, sigma, bound);
    if (before.size() && (solution.value - before).norm() <= 1e-13 * before.norm()) break;
  }

  std::vector<Coefficient> fit(p, Coefficient{0, unknown});
  const auto used = static_cast<Eigen::Index>(solution.used.size());
  const double variance =
      n > used ? (weight.asDiagonal() * residual).squaredNorm() / static_cast<double>(n - used) : unknown;
  const Matrix covariance =
      (r(Eigen::all, solution.used).transpose() * r(Eigen::all, solution.used)).inverse();
  for (Eigen::Index k = 0; k < used; ++k) {
    const auto j = solution.used[k];
    fit[j] = {solution.value[j] / scale[j], std::sqrt(variance * covariance(k, k)) / scale[j]};
  }
  return fit;
}

double robust_spread(const std::vector<double>& values) {
  const double centre = median(values);
  std::vector<double> distances(values.size());
  std::transform(values.begin(), values.end(), distances.begin(),
                 [&](double v) { return std::abs(v - centre); });
  return mad_to_sigma * median(std::move(distances));
}

}  // namespace splitwan::model
