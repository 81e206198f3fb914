// Everything between the products: norms, rotations, activations, attention.
#pragma once

// included after one simd_*.hh

namespace splitwan::engine::kernels {
namespace {

// e^x, relative error about 1e-7 (Cephes' expf, its polynomial); x is cut to where f32 has an answer.
INLINE V exponential(V x) {
  x = largest(smallest(x, set(88.f)), set(-87.f));
  const I n = to_int(mul(x, set(1.44269504f)));
  const V whole = to_float(n);
  const V r = fma(whole, set(2.12194440e-4f), fma(whole, set(-0.693359375f), x));
  V p = fma(set(1.9875691500e-4f), r, set(1.3981999507e-3f));
  p = fma(p, r, set(8.3334519073e-3f));
  p = fma(p, r, set(4.1665795894e-2f));
  p = fma(p, r, set(1.6666665459e-1f));
  p = fma(p, r, set(5.0000001201e-1f));
  p = add(fma(p, mul(r, r), r), set(1.f));
  return mul(p, power_of_two(n));
}

// Sum of 16 lanes in a fixed order.
INLINE float total(V v) {
  float lane[16];
  store(lane, v);
  for (int width = 8; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
  }
  return lane[0];
}

INLINE V load_part(const float* p, std::int64_t count) {
  float part[16] = {};
  __builtin_memcpy(part, p, static_cast<std::size_t>(count) * 4);
  return load(part);
}
INLINE void store_part(float* p, V v, std::int64_t count) {
  float part[16];
  store(part, v);
  __builtin_memcpy(p, part, static_cast<std::size_t>(count) * 4);
}

// Calls op(i, count) for every 16 values; count < 16 only for the last.
// NOLINTNEXTLINE(bugprone-macro-parentheses): i is declared here
#define FOR_LANES(i, n) for (std::int64_t i = 0; i < (n); i += 16)
INLINE V load_lanes(const float* p, std::int64_t i, std::int64_t n) {
  return n - i >= 16 ? load(p + i) : load_part(p + i, n - i);
}
INLINE void store_lanes(float* p, V v, std::int64_t i, std::int64_t n) {
  if (n - i >= 16) return store(p + i, v);
  store_part(p + i, v, n - i);
}

void rms_norm(const float* x, const float* gain, std::int64_t n, float eps, float* y) {
  V squares[4] = {zero(), zero(), zero(), zero()};
  FOR_LANES(i, n) {
    const V v = load_lanes(x, i, n);
    squares[i / 16 % 4] = fma(v, v, squares[i / 16 % 4]);
  }
  const float sum = total(add(add(squares[0], squares[1]), add(squares[2], squares[3])));
  const V scale = set(1.f / __builtin_sqrtf(sum / static_cast<float>(n) + eps));
  FOR_LANES(i, n) store_lanes(y, mul(mul(load_lanes(x, i, n), scale), load_lanes(gain, i, n)), i, n);
}

void rope(float* x, const float* cosine, const float* sine, std::int64_t head_dim) {
  const std::int64_t half = head_dim / 2;
  FOR_LANES(i, half) {
    const V a = load_lanes(x, i, half), b = load_lanes(x + half, i, half);
    const V c = load_lanes(cosine, i, half), s = load_lanes(sine, i, half);
    store_lanes(x, sub(mul(a, c), mul(b, s)), i, half);
    store_lanes(x + half, add(mul(b, c), mul(a, s)), i, half);
  }
}

void silu_mul(const float* gate, const float* up, std::int64_t n, float* out) {
  FOR_LANES(i, n) {
    const V g = load_lanes(gate, i, n);
    const V silu = div(g, add(set(1.f), exponential(sub(zero(), g))));
    store_lanes(out, mul(silu, load_lanes(up, i, n)), i, n);
  }
}

// 0.5 g (1 + tanh(u)) = g / (1 + e^-2u), u = sqrt(2 / pi) (g + 0.044715 g^3)
void gelu_mul(const float* gate, const float* up, std::int64_t n, float* out) {
  FOR_LANES(i, n) {
    const V g = load_lanes(gate, i, n);
    const V u = mul(g, fma(mul(g, g), set(0.044715f * 0.7978845608f), set(0.7978845608f)));
    const V gelu = div(g, add(set(1.f), exponential(mul(u, set(-2.f)))));
    store_lanes(out, mul(gelu, load_lanes(up, i, n)), i, n);
  }
}

// A product with 1 is exact: the sum's bits are those of an addition.
void add_to(float* x, const float* y, float scale, std::int64_t n) {
  FOR_LANES(i, n) store_lanes(x, fma(load_lanes(y, i, n), set(scale), load_lanes(x, i, n)), i, n);
}

// tanh(t) = 1 - 2 / (1 + e^2t)
INLINE V capped(V x, V cap) {
  const V e = exponential(mul(div(x, cap), set(2.f)));
  return mul(cap, sub(set(1.f), div(set(2.f), add(set(1.f), e))));
}

void soft_cap(float* x, float cap, std::int64_t n) {
  FOR_LANES(i, n) store_lanes(x, capped(load_lanes(x, i, n), set(cap)), i, n);
}

// Scores of `Heads` query heads over `Blocks` x 16 slots whose keys lie dimension-major: keys are read once.
template <int Heads, int Blocks>
INLINE void score_blocks(const AttentionShape& s, const float* query, const float* keys,
                         V (&sum)[Blocks][Heads]) {
  for (auto& block : sum) {
    for (V& v : block) v = zero();
  }
  for (int d = 0; d < s.head_dim; ++d) {
#pragma GCC unroll 4
    for (int b = 0; b < Blocks; ++b) {
      const V key = load(keys + (b * s.head_dim + d) * block_slots);
#pragma GCC unroll 4
      for (int h = 0; h < Heads; ++h) sum[b][h] = fma(key, set(query[h * s.head_dim + d]), sum[b][h]);
    }
  }
  for (auto& block : sum) {
    for (V& v : block) v = mul(v, set(s.scale));
  }
}

template <int Heads>
INLINE void scores_of(const AttentionShape& s, const float* query, const HeadCache& cache,
                      std::span<const SlotRun> runs, std::int64_t stride, float* scores) {
  constexpr int together = score_sums / Heads;
  for (const SlotRun run : runs) {
    for (std::int32_t slot = run.begin; slot < run.end;) {
      const int lane = slot % block_slots, left = run.end - slot;
      const float* keys =
          cache.chunks[slot / chunk_slots] + cache.keys + (slot % chunk_slots - lane) * s.head_dim;
      if (lane == 0 && left >= together * block_slots &&
          slot % chunk_slots <= chunk_slots - together * block_slots) {
        V sum[together][Heads];
        score_blocks<Heads, together>(s, query, keys, sum);
        for (int b = 0; b < together; ++b) {
          for (int h = 0; h < Heads; ++h) store(scores + h * stride + b * block_slots, sum[b][h]);
        }
        slot += together * block_slots;
        scores += together * block_slots;
        continue;
      }
      const int count = left < block_slots - lane ? left : block_slots - lane;
      V sum[1][Heads];
      score_blocks<Heads, 1>(s, query, keys, sum);
      for (int h = 0; h < Heads; ++h) {
        float part[block_slots];
        store(part, sum[0][h]);
        for (int i = 0; i < count; ++i) scores[h * stride + i] = part[lane + i];
      }
      slot += count;
      scores += count;
    }
  }
}

// scores -> e^(score - largest); their sum.
INLINE float soften(float* scores, std::int64_t n) {
  for (std::int64_t i = n; i % 16 != 0; ++i) scores[i] = -__builtin_inff();
  V most = load(scores);
  for (std::int64_t i = 16; i < n; i += 16) most = largest(most, load(scores + i));
  float lanes[16];
  store(lanes, most);
  for (const float lane : lanes) lanes[0] = lane > lanes[0] ? lane : lanes[0];
  const V top = set(lanes[0]);
  V sum = zero();
  FOR_LANES(i, n) {
    const V e = exponential(sub(load(scores + i), top));
    store(scores + i, e);
    sum = add(sum, e);
  }
  return total(sum);
}

// `Lanes` x 16 dimensions of the values' weighted sum, for `Heads` heads: values are read once.
template <int Heads, int Lanes>
INLINE void mix(const AttentionShape& s, const HeadCache& cache, std::span<const SlotRun> runs,
                const float* scores, std::int64_t stride, const float* inverse, int from, float* out) {
  V sum[Heads][Lanes];
  for (auto& head : sum) {
    for (V& v : head) v = zero();
  }
  std::int64_t at = 0;
  for (const SlotRun run : runs) {
    for (std::int32_t slot = run.begin; slot < run.end; ++slot, ++at) {
      const float* value = cache.chunks[slot / chunk_slots] + cache.values +
                           static_cast<std::int64_t>(slot % chunk_slots) * s.head_dim + from;
#pragma GCC unroll 4
      for (int l = 0; l < Lanes; ++l) {
        const V v = load(value + 16 * l);
#pragma GCC unroll 4
        for (int h = 0; h < Heads; ++h) sum[h][l] = fma(v, set(scores[h * stride + at]), sum[h][l]);
      }
    }
  }
  for (int h = 0; h < Heads; ++h) {
    for (int l = 0; l < Lanes; ++l) {
      store_lanes(out + h * s.head_dim, mul(sum[h][l], set(inverse[h])), from + 16 * l, s.head_dim);
    }
  }
}

template <int Heads>
void attend(const AttentionShape& s, const float* query, const HeadCache& cache,
            std::span<const SlotRun> runs, float* scores, float* out) {
  std::int64_t n = 0;
  for (const SlotRun run : runs) n += run.end - run.begin;
  const std::int64_t stride = (n + 31) / 16 * 16;
  scores_of<Heads>(s, query, cache, runs, stride, scores);
  float inverse[Heads];
  for (int h = 0; h < Heads && s.cap > 0; ++h) soft_cap(scores + h * stride, s.cap, n);
  for (int h = 0; h < Heads; ++h) inverse[h] = 1.f / soften(scores + h * stride, n);
  int from = 0;
  for (; from + 64 <= s.head_dim; from += 64)
    mix<Heads, 4>(s, cache, runs, scores, stride, inverse, from, out);
  if (s.head_dim - from == 48) return mix<Heads, 3>(s, cache, runs, scores, stride, inverse, from, out);
  if (s.head_dim - from == 32) return mix<Heads, 2>(s, cache, runs, scores, stride, inverse, from, out);
  for (; from < s.head_dim; from += 16) mix<Heads, 1>(s, cache, runs, scores, stride, inverse, from, out);
}

void attention(const AttentionShape& s, const float* query, const HeadCache& cache,
               std::span<const SlotRun> runs, float* scores, float* out) {
  int head = 0;
  for (; head + 4 <= s.heads; head += 4)
    attend<4>(s, query + head * s.head_dim, cache, runs, scores, out + head * s.head_dim);
  for (; head + 2 <= s.heads; head += 2)
    attend<2>(s, query + head * s.head_dim, cache, runs, scores, out + head * s.head_dim);
  if (head < s.heads) attend<1>(s, query + head * s.head_dim, cache, runs, scores, out + head * s.head_dim);
}

// 4 KiB ahead: the page after the one that the hardware runs ahead in.
float read_all(const float* x, std::int64_t n) {
  V sums[4] = {zero(), zero(), zero(), zero()};
  std::int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    for (int k = 0; k < 4; ++k) {
      __builtin_prefetch(x + i + 16 * k + 1024);
      sums[k] = add(sums[k], load(x + i + 16 * k));
    }
  }
  for (; i < n; i += 16) sums[0] = add(sums[0], load_lanes(x, i, n));
  return total(add(add(sums[0], sums[1]), add(sums[2], sums[3])));
}

}  // namespace
}  // namespace splitwan::engine::kernels
