// 16 floats in whatever the compiler has. Slow, and right everywhere.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "engine/kernels/kernels.hh"

namespace splitwan::engine::kernels {
namespace {

#define INLINE __attribute__((always_inline)) inline

struct V {
  float v[16];
};
struct I {
  std::int32_t v[16];
};

template <typename To, typename F>
INLINE To each(F f) {
  To out;
  for (int i = 0; i < 16; ++i) out.v[i] = f(i);
  return out;
}

INLINE float from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, 4);
  return x;
}
INLINE std::uint32_t to_bits(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return bits;
}
INLINE float from_f16(std::uint16_t h) {
  const std::uint32_t sign = (h & 0x8000u) << 16, rest = h & 0x7fffu;
  if (rest >= 0x7c00) return from_bits(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  return from_bits(sign | to_bits(from_bits(rest << 13) * 0x1p112f));  // rebias; exact for subnormals too
}
INLINE std::uint16_t to_f16(float x) {
  const std::uint32_t sign = to_bits(x) >> 16 & 0x8000, rest = to_bits(x) & 0x7fffffff;
  if (rest > 0x7f800000) return static_cast<std::uint16_t>(sign | 0x7e00);
  if (rest >= 0x477ff000) return static_cast<std::uint16_t>(sign | 0x7c00);
  if (rest < 0x38800000) {  // subnormal: let the adder round
    return static_cast<std::uint16_t>(sign | (to_bits(from_bits(rest) + 0.5f) - to_bits(0.5f)));
  }
  return static_cast<std::uint16_t>(sign | (rest - 0x38000000 + 0xfff + (rest >> 13 & 1)) >> 13);
}

INLINE V set(float x) {
  return each<V>([&](int) { return x; });
}
INLINE V zero() { return set(0); }
INLINE V load(const float* p) {
  return each<V>([&](int i) { return p[i]; });
}
INLINE void store(float* p, const V& v) { std::memcpy(p, v.v, sizeof v); }
INLINE V load_f16(const std::uint16_t* p) {
  return each<V>([&](int i) { return from_f16(p[i]); });
}
INLINE V load_bf16(const std::uint16_t* p) {
  return each<V>([&](int i) { return from_bits(std::uint32_t{p[i]} << 16); });
}
INLINE void store_f16(std::uint16_t* p, const V& v) {
  for (int i = 0; i < 16; ++i) p[i] = to_f16(v.v[i]);
}
INLINE V fma(const V& a, const V& b, const V& c) {
  return each<V>([&](int i) { return a.v[i] * b.v[i] + c.v[i]; });
}
INLINE V add(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] + b.v[i]; });
}
INLINE V sub(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] - b.v[i]; });
}
INLINE V mul(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] * b.v[i]; });
}
INLINE V div(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] / b.v[i]; });
}
INLINE V largest(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] > b.v[i] ? a.v[i] : b.v[i]; });
}
INLINE V smallest(const V& a, const V& b) {
  return each<V>([&](int i) { return a.v[i] < b.v[i] ? a.v[i] : b.v[i]; });
}
INLINE V magnitude(const V& a) {
  return each<V>([&](int i) { return from_bits(to_bits(a.v[i]) & 0x7fffffff); });
}
INLINE I to_int(const V& a) {
  return each<I>([&](int i) { return static_cast<std::int32_t>(std::nearbyintf(a.v[i])); });
}
INLINE V to_float(const I& a) {
  return each<V>([&](int i) { return static_cast<float>(a.v[i]); });
}
INLINE V power_of_two(const I& n) {
  return each<V>([&](int i) { return from_bits(static_cast<std::uint32_t>(n.v[i] + 127) << 23); });
}
INLINE I set_int(std::int32_t x) {
  return each<I>([&](int) { return x; });
}
INLINE void store_int(std::int32_t* p, const I& v) { std::memcpy(p, v.v, sizeof v); }
INLINE void prefetch(const void* p) { __builtin_prefetch(p); }

struct Bf16Dot {
  struct X {
    float even, odd;
  };
  struct W {
    V even, odd;
  };
  static INLINE W weights(const std::uint16_t* p) {
    return {each<V>([&](int i) { return from_bits(std::uint32_t{p[2 * i]} << 16); }),
            each<V>([&](int i) { return from_bits(std::uint32_t{p[2 * i + 1]} << 16); })};
  }
  static INLINE V apply(const V& acc, const W& w, X x) {
    return fma(w.odd, set(x.odd), fma(w.even, set(x.even), acc));
  }
};

struct Bytes64 {
  std::uint8_t v[64];
};
constexpr bool signed_int8 = false;
INLINE Bytes64 load_bytes(const std::uint8_t* p) {
  Bytes64 out;
  std::memcpy(out.v, p, 64);
  return out;
}
INLINE Bytes64 low_nibbles(Bytes64 w) {
  for (auto& b : w.v) b &= 15;
  return w;
}
INLINE Bytes64 high_nibbles(Bytes64 w) {
  for (auto& b : w.v) b >>= 4;
  return w;
}
INLINE I dot_int8(I acc, const Bytes64& w, std::int32_t x) {
  std::int8_t part[4];
  std::memcpy(part, &x, 4);
  for (int i = 0; i < 16; ++i) {
    for (int j = 0; j < 4; ++j) acc.v[i] += w.v[4 * i + j] * part[j];
  }
  return acc;
}
INLINE I dot_int4(const I& acc, const Bytes64& w, std::int32_t x) { return dot_int8(acc, w, x); }

// Sums of scores at one time: enough to keep the multipliers busy, and no more than there are registers.
constexpr int score_sums = 4;
constexpr int tile_rows = 2;
constexpr int panels_for(int) { return 1; }
constexpr int int_panels_for(int) { return 1; }

}  // namespace
}  // namespace splitwan::engine::kernels
