// A line through what was measured so far, kept by recursive least squares: from a first guess, forgetting
// slowly, and not thrown by an outlier (a retransmission, a busy machine).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace splitwan::engine {

template <std::size_t K>
class RunningFit {
 public:
  using Vector = std::array<double, K>;

  // `spread`: how far off each coefficient of the guess may be (a standard deviation).
  RunningFit(const Vector& guess, const Vector& spread) : at_(guess), spread_(spread) {
    for (std::size_t i = 0; i < K; ++i) doubt_[i][i] = spread[i] * spread[i];
  }

  double operator()(const Vector& x) const {
    double y = 0;
    for (std::size_t i = 0; i < K; ++i) y += std::max(0.0, at_[i]) * x[i];  // all are costs
    return y;
  }
  double coefficient(std::size_t i) const { return std::max(0.0, at_[i]); }

  // `noise`: of one measurement, as a standard deviation.
  void learn(const Vector& x, double y, double noise) {
    forget();
    Vector toward{};
    double error = y, variance = noise * noise;
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j < K; ++j) toward[i] += doubt_[i][j] * x[j];
      error -= at_[i] * x[i];
      variance += x[i] * toward[i];
    }
    if (variance <= 0) return;
    const double limit = 3 * std::sqrt(variance);
    error = std::clamp(error, -limit, limit);
    for (std::size_t i = 0; i < K; ++i) {
      at_[i] += toward[i] / variance * error;
      for (std::size_t j = 0; j < K; ++j) doubt_[i][j] -= toward[i] * toward[j] / variance;
    }
  }

 private:
  // Doubt grows by 4 % a step, up to the first one.
  void forget() {
    for (auto& row : doubt_) {
      for (double& d : row) d *= 1.04;
    }
    for (std::size_t i = 0; i < K; ++i) {
      const double most = spread_[i] * spread_[i];
      if (doubt_[i][i] <= most || most <= 0) continue;
      const double scale = std::sqrt(most / doubt_[i][i]);
      for (std::size_t j = 0; j < K; ++j) {  // row and column: the matrix stays a covariance
        doubt_[i][j] *= scale;
        doubt_[j][i] *= scale;
      }
    }
  }

  Vector at_, spread_;
  std::array<Vector, K> doubt_{};
};

}  // namespace splitwan::engine
