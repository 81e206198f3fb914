// 16 floats in two registers. Included by one translation unit, compiled for AVX2, FMA and F16C.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "engine/kernels/kernels.hh"

namespace splitwan::engine::kernels {
namespace {

#define INLINE __attribute__((always_inline)) inline

struct V {
  __m256 a, b;
};
struct I {
  __m256i a, b;
};

INLINE __m256i half_at(const void* p) { return _mm256_loadu_si256(static_cast<const __m256i*>(p)); }
INLINE __m128i quarter_at(const void* p) { return _mm_loadu_si128(static_cast<const __m128i*>(p)); }

INLINE V zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
INLINE V set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
INLINE V load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
INLINE void store(float* p, V v) {
  _mm256_storeu_ps(p, v.a);
  _mm256_storeu_ps(p + 8, v.b);
}
INLINE V load_f16(const std::uint16_t* p) {
  return {_mm256_cvtph_ps(quarter_at(p)), _mm256_cvtph_ps(quarter_at(p + 8))};
}
INLINE __m256 from_bf16(__m128i raw) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
}
INLINE V load_bf16(const std::uint16_t* p) {
  return {from_bf16(quarter_at(p)), from_bf16(quarter_at(p + 8))};
}
INLINE void store_f16(std::uint16_t* p, V v) {
  auto* out = reinterpret_cast<__m128i*>(p);
  _mm_storeu_si128(out, _mm256_cvtps_ph(v.a, _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128(out + 1, _mm256_cvtps_ph(v.b, _MM_FROUND_TO_NEAREST_INT));
}
INLINE V fma(V x, V y, V z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
INLINE V add(V x, V y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
INLINE V sub(V x, V y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
INLINE V mul(V x, V y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
INLINE V div(V x, V y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
INLINE V largest(V x, V y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
INLINE V smallest(V x, V y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
INLINE V magnitude(V x) {
  const __m256 sign = _mm256_set1_ps(-0.f);
  return {_mm256_andnot_ps(sign, x.a), _mm256_andnot_ps(sign, x.b)};
}
INLINE I to_int(V x) { return {_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)}; }  // to nearest
INLINE V to_float(I x) { return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)}; }
INLINE __m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
INLINE V power_of_two(I n) { return {power_of_two(n.a), power_of_two(n.b)}; }
INLINE I set_int(std::int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
INLINE void store_int(std::int32_t* p, I v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v.a);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), v.b);
}
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

// bf16 pairs: acc + w.even * x.even, then + w.odd * x.odd, activations in f32.
struct Bf16Dot {
  struct X {
    float even, odd;
  };
  struct W {
    V even, odd;
  };
  static INLINE W weights(const std::uint16_t* p) {
    const __m256i odd = _mm256_set1_epi32(static_cast<int>(0xffff0000)), a = half_at(p), b = half_at(p + 16);
    const auto floats = [](__m256i v) { return _mm256_castsi256_ps(v); };
    return {{floats(_mm256_slli_epi32(a, 16)), floats(_mm256_slli_epi32(b, 16))},
            {floats(_mm256_and_si256(a, odd)), floats(_mm256_and_si256(b, odd))}};
  }
  static INLINE V apply(V acc, const W& w, X x) {
    return fma(w.odd, set(x.odd), fma(w.even, set(x.even), acc));
  }
};

struct Bytes64 {
  __m256i a, b;
};
constexpr bool signed_int8 = true;  // maddubs saturates on offset weights: take their sign apart
INLINE Bytes64 load_bytes(const std::uint8_t* p) { return {half_at(p), half_at(p + 32)}; }
INLINE __m256i low_nibbles(__m256i w) { return _mm256_and_si256(w, _mm256_set1_epi8(15)); }
INLINE Bytes64 low_nibbles(Bytes64 w) { return {low_nibbles(w.a), low_nibbles(w.b)}; }
INLINE Bytes64 high_nibbles(Bytes64 w) {
  return {low_nibbles(_mm256_srli_epi16(w.a, 4)), low_nibbles(_mm256_srli_epi16(w.b, 4))};
}
INLINE __m256i dot(__m256i acc, __m256i w, __m256i x) {
  return _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_maddubs_epi16(w, x), _mm256_set1_epi16(1)));
}
INLINE __m256i dot_signed(__m256i acc, __m256i w, __m256i x) {
  w = _mm256_xor_si256(w, _mm256_set1_epi8(-128));
  return dot(acc, _mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
}
INLINE I dot_int8(I acc, Bytes64 w, std::int32_t x) {
  const __m256i v = _mm256_set1_epi32(x);
  return {dot_signed(acc.a, w.a, v), dot_signed(acc.b, w.b, v)};
}
INLINE I dot_int4(I acc, Bytes64 w, std::int32_t x) {
  const __m256i v = _mm256_set1_epi32(x);
  return {dot(acc.a, w.a, v), dot(acc.b, w.b, v)};
}

// Sums of scores at one time: enough to keep the multipliers busy, and no more than there are registers.
constexpr int score_sums = 4;
constexpr int tile_rows = 6;
constexpr int panels_for(int rows) { return rows <= 2 ? 3 : rows == 3 ? 2 : 1; }
constexpr int int_panels_for(int rows) { return rows == 1 ? 2 : 1; }

}  // namespace
}  // namespace splitwan::engine::kernels
