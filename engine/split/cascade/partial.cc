#include "engine/split/cascade/partial.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace splitwan::engine::cascade {
namespace {

// In lanes of a fixed order: as fast as the compiler's vectors, and the same bits everywhere.
template <typename T>
T dot(const T* a, const T* b, int n) {
  constexpr int lanes = 8;
  T sums[lanes] = {};
  int i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  T sum = 0;
  for (; i < n; ++i) sum += a[i] * b[i];
  for (const T s : sums) sum += s;
  return sum;
}

}  // namespace

int partial_width(const HeadShape& shape, PartialForm form) {
  return shape.q_width() + (form == PartialForm::meu ? 2 : 1) * shape.heads;
}

template <typename T>
void attend(const HeadShape& shape, PartialForm form, const T* query, std::span<const T* const> keys,
            std::span<const T* const> values, T* part) {
  const int dim = shape.head_dim, group = shape.heads / shape.kv_heads;
  thread_local std::vector<T> scores;
  scores.resize(keys.size());
  T* const largest = part + shape.q_width();
  for (int head = 0; head < shape.heads; ++head) {
    const int at = head / group * dim;
    T m = -std::numeric_limits<T>::infinity();
    for (std::size_t i = 0; i < keys.size(); ++i) {
      scores[i] = static_cast<T>(shape.scale) * dot(query + head * dim, keys[i] + at, dim);
      if (const T cap = static_cast<T>(shape.cap); cap > 0) scores[i] = cap * std::tanh(scores[i] / cap);
      m = std::max(m, scores[i]);
    }
    T* const u = part + head * dim;
    std::fill(u, u + dim, T(0));
    T e = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const T weight = std::exp(scores[i] - m);
      const T* const value = values[i] + at;
      e += weight;
      for (int d = 0; d < dim; ++d) u[d] += weight * value[d];
    }
    if (form == PartialForm::meu) {
      largest[head] = m;
      largest[shape.heads + head] = e;
    } else {
      for (int d = 0; d < dim; ++d) u[d] /= e;
      largest[head] = m + std::log(e);
    }
  }
}

template <typename T>
void merge(const HeadShape& shape, PartialForm form, std::span<const T* const> parts, T* mixed) {
  const int dim = shape.head_dim, end = shape.q_width();
  for (int head = 0; head < shape.heads; ++head) {
    T top = -std::numeric_limits<T>::infinity();
    for (const T* part : parts) top = std::max(top, part[end + head]);
    T* const o = mixed + head * dim;
    std::fill(o, o + dim, T(0));
    T sum = 0;
    for (const T* part : parts) {
      const T weight = std::exp(part[end + head] - top);
      sum += form == PartialForm::meu ? weight * part[end + shape.heads + head] : weight;
      for (int d = 0; d < dim; ++d) o[d] += weight * part[head * dim + d];
    }
    for (int d = 0; d < dim; ++d) o[d] /= sum;
  }
}

template void attend(const HeadShape&, PartialForm, const float*, std::span<const float* const>,
                     std::span<const float* const>, float*);
template void attend(const HeadShape&, PartialForm, const double*, std::span<const double* const>,
                     std::span<const double* const>, double*);
template void merge(const HeadShape&, PartialForm, std::span<const float* const>, float*);
template void merge(const HeadShape&, PartialForm, std::span<const double* const>, double*);

}  // namespace splitwan::engine::cascade
