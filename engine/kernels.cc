// Compiled once per instruction set (target_clones): AVX2+FMA where the CPU has it, baseline x86-64
// elsewhere. Built with -ffp-contract=fast so that every multiply-add of a clone is fused in the same way.
#include "engine/kernels.hh"

#include <algorithm>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#define PER_CPU __attribute__((target_clones("arch=haswell", "default")))
#else
#define PER_CPU
#endif
#define INLINE __attribute__((always_inline)) inline

namespace splitwan::engine::kernels {
namespace {

using Lanes = float __attribute__((vector_size(32), aligned(4)));  // 8 floats, unaligned loads
constexpr int lanes = 8;

INLINE const Lanes& at(const float* p) { return *reinterpret_cast<const Lanes*>(p); }
INLINE Lanes& at(float* p) { return *reinterpret_cast<Lanes*>(p); }

// The inner tile: `Panels` panels x `Rows` rows in registers, one chain over k per output.
template <int Rows, int Panels>
INLINE void tile(const float* w, const float* x, std::int64_t k, std::int64_t m, std::int64_t column,
                 float* y) {
  Lanes sum[Panels][Rows][2] = {};
  for (std::int64_t i = 0; i < k; ++i) {
#pragma GCC unroll 4
    for (int p = 0; p < Panels; ++p) {
      const Lanes low = at(w + (p * k + i) * panel), high = at(w + (p * k + i) * panel + lanes);
#pragma GCC unroll 6
      for (int r = 0; r < Rows; ++r) {
        const float value = x[r * k + i];
        sum[p][r][0] += low * value;
        sum[p][r][1] += high * value;
      }
    }
  }
  for (int p = 0; p < Panels; ++p) {
    const std::int64_t from = column + p * panel, count = std::min<std::int64_t>(panel, m - from);
    for (int r = 0; r < Rows; ++r) std::memcpy(y + r * m + from, &sum[p][r], count * sizeof(float));
  }
}

template <int Rows, int Panels>
INLINE void sweep(const float* packed, std::int64_t k, std::int64_t m, std::int64_t first, std::int64_t last,
                  const float* x, float* y) {
  std::int64_t p = first;
  for (; p + Panels <= last; p += Panels) tile<Rows, Panels>(packed + p * k * panel, x, k, m, p * panel, y);
  for (; p < last; ++p) tile<Rows, 1>(packed + p * k * panel, x, k, m, p * panel, y);
}

// Sum of 8 lanes in a fixed order.
INLINE float total(Lanes v) { return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7])); }

INLINE float dot(const float* a, const float* b, std::int64_t n) {
  Lanes sum = {};
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) sum += at(a + i) * at(b + i);
  float rest = 0;
  for (; i < n; ++i) rest += a[i] * b[i];
  return total(sum) + rest;
}

}  // namespace

void pack_panel(const float* weight, std::int64_t m, std::int64_t k, std::int64_t begin, float* out) {
  for (std::int64_t i = 0; i < k; ++i) {
    for (int j = 0; j < panel; ++j) out[i * panel + j] = begin + j < m ? weight[(begin + j) * k + i] : 0.f;
  }
}

PER_CPU void linear(const float* packed, std::int64_t k, std::int64_t m, std::int64_t first,
                    std::int64_t last, const float* x, std::int64_t rows, float* y) {
  for (; rows >= 6; rows -= 6, x += 6 * k, y += 6 * m) sweep<6, 1>(packed, k, m, first, last, x, y);
  switch (rows) {  // several panels at once keep enough loads in flight when there are few rows
    case 5:
      return sweep<5, 1>(packed, k, m, first, last, x, y);
    case 4:
      return sweep<4, 1>(packed, k, m, first, last, x, y);
    case 3:
      return sweep<3, 2>(packed, k, m, first, last, x, y);
    case 2:
      return sweep<2, 3>(packed, k, m, first, last, x, y);
    case 1:
      return sweep<1, 4>(packed, k, m, first, last, x, y);
    default:
      return;
  }
}

PER_CPU void rms_norm(const float* x, const float* gain, std::int64_t n, float eps, float* y) {
  const float scale = 1.f / std::sqrt(dot(x, x, n) / static_cast<float>(n) + eps);
  for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * scale * gain[i];
}

PER_CPU void rope(float* x, const float* cosine, const float* sine, std::int64_t head_dim) {
  const std::int64_t half = head_dim / 2;
  for (std::int64_t i = 0; i < half; ++i) {
    const float a = x[i], b = x[i + half];
    x[i] = a * cosine[i] - b * sine[i];
    x[i + half] = b * cosine[i] + a * sine[i];
  }
}

PER_CPU void attention(const float* query, const float* k, const float* v, std::int64_t stride,
                       const Keys& keys, std::int64_t head_dim, float scale, float* scores, float* out) {
  const std::size_t committed = static_cast<std::size_t>(keys.last - keys.first), n = keys.size();
  const auto offset = [&](std::size_t i) {
    return stride * (i < committed ? keys.first + static_cast<std::int64_t>(i) : keys.path[i - committed]);
  };
  float largest = -INFINITY;
  for (std::size_t i = 0; i < n; ++i) {
    scores[i] = dot(query, k + offset(i), head_dim) * scale;
    largest = std::max(largest, scores[i]);
  }
  float sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    scores[i] = std::exp(scores[i] - largest);
    sum += scores[i];
  }
  std::fill(out, out + head_dim, 0.f);
  for (std::size_t i = 0; i < n; ++i) {
    const float* value = v + offset(i);
    for (std::int64_t d = 0; d < head_dim; ++d) out[d] += scores[i] * value[d];
  }
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] /= sum;
}

PER_CPU void silu_mul(const float* gate, const float* up, std::int64_t n, float* out) {
  for (std::int64_t i = 0; i < n; ++i) out[i] = gate[i] / (1.f + std::exp(-gate[i])) * up[i];
}

}  // namespace splitwan::engine::kernels
