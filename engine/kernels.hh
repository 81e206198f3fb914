// The CPU arithmetic, on plain float pointers. No torch, no threads: callers give ranges.
//
// Batch invariance is the contract: every output is one chain of operations whose order depends on the row's
// own data and positions only, never on how many rows share the call, on the chunking of a prompt or on
// threads.
#pragma once

#include <cstdint>
#include <span>

namespace splitwan::engine::kernels {

constexpr int panel = 16;  // output rows packed together, k-major: [panel][k][16]

// Packs rows [begin, begin + 16) of weight [m, k] (row-major; missing rows are zero) into `out` [k][16].
void pack_panel(const float* weight, std::int64_t m, std::int64_t k, std::int64_t begin, float* out);

// y[r, j] = sum over i of x[r, i] * w[j, i], accumulated over i in order. Panels [first, last) of `packed`;
// x: [rows, k]; y: [rows, m] with row stride m.
void linear(const float* packed, std::int64_t k, std::int64_t m, std::int64_t first, std::int64_t last,
            const float* x, std::int64_t rows, float* y);

// y = x / sqrt(mean(x^2) + eps) * gain, one row of n.
void rms_norm(const float* x, const float* gain, std::int64_t n, float eps, float* y);

// Rotates n = head_dim values, halves paired (Hugging Face's layout): (x[i], x[i + n/2]).
void rope(float* x, const float* cosine, const float* sine, std::int64_t head_dim);

// The keys a row sees, in order of position: cache slots [first, last), then the slots of its ancestors and
// itself.
struct Keys {
  std::int32_t first = 0, last = 0;
  std::span<const std::int32_t> path;
  std::size_t size() const { return static_cast<std::size_t>(last - first) + path.size(); }
};

// One query head over those keys. k, v: slot s starts at s * stride. scores: scratch of keys.size().
void attention(const float* query, const float* k, const float* v, std::int64_t stride, const Keys& keys,
               std::int64_t head_dim, float scale, float* scores, float* out);

// out = silu(gate) * up, n values.
void silu_mul(const float* gate, const float* up, std::int64_t n, float* out);

}  // namespace splitwan::engine::kernels
