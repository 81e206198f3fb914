// 16 floats in one register. Included by one translation unit, which is compiled for these instructions.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "engine/kernels/kernels.hh"

namespace splitwan::engine::kernels {
namespace {

#define INLINE __attribute__((always_inline)) inline

using V = __m512;
using I = __m512i;  // 16 int32

INLINE V zero() { return _mm512_setzero_ps(); }
INLINE V set(float x) { return _mm512_set1_ps(x); }
INLINE V load(const float* p) { return _mm512_loadu_ps(p); }
INLINE void store(float* p, V v) { _mm512_storeu_ps(p, v); }
INLINE V load_f16(const std::uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
INLINE V load_bf16(const std::uint16_t* p) {
  const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(raw), 16));
}
INLINE void store_f16(std::uint16_t* p, V v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
INLINE V sub(V a, V b) { return _mm512_sub_ps(a, b); }
INLINE V mul(V a, V b) { return _mm512_mul_ps(a, b); }
INLINE V div(V a, V b) { return _mm512_div_ps(a, b); }
INLINE V largest(V a, V b) { return _mm512_max_ps(a, b); }
INLINE V smallest(V a, V b) { return _mm512_min_ps(a, b); }
INLINE V magnitude(V a) { return _mm512_abs_ps(a); }
INLINE I to_int(V a) { return _mm512_cvtps_epi32(a); }  // to nearest, ties to even
INLINE V to_float(I a) { return _mm512_cvtepi32_ps(a); }
INLINE V power_of_two(I n) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_add_epi32(n, _mm512_set1_epi32(127)), 23));
}
INLINE I set_int(std::int32_t x) { return _mm512_set1_epi32(x); }
INLINE void store_int(std::int32_t* p, I v) { _mm512_storeu_si512(p, v); }
INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

// bf16 pairs: acc + w.even * x.even + w.odd * x.odd, activations rounded to bf16.
struct Bf16Dot {
  using X = std::uint32_t;
  using W = __m512bh;
  static W weights(const std::uint16_t* p) { return reinterpret_cast<W>(_mm512_loadu_si512(p)); }
  static INLINE V apply(V acc, W w, X x) {
    return _mm512_dpbf16_ps(acc, w, reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(x))));
  }
};

// Four bytes of each of 16 outputs: acc + dot(unsigned w, signed x).
using Bytes64 = __m512i;
constexpr bool signed_int8 = false;  // weights stay offset by 128; the activations' correction undoes it
INLINE Bytes64 load_bytes(const std::uint8_t* p) { return _mm512_loadu_si512(p); }
INLINE Bytes64 low_nibbles(Bytes64 w) { return _mm512_and_si512(w, _mm512_set1_epi8(15)); }
INLINE Bytes64 high_nibbles(Bytes64 w) { return low_nibbles(_mm512_srli_epi16(w, 4)); }
INLINE I dot_int8(I acc, Bytes64 w, std::int32_t x) { return _mm512_dpbusd_epi32(acc, w, set_int(x)); }
INLINE I dot_int4(I acc, Bytes64 w, std::int32_t x) { return _mm512_dpbusd_epi32(acc, w, set_int(x)); }

// Sums of scores at one time: enough to keep the multipliers busy, and no more than there are registers.
constexpr int score_sums = 8;
constexpr int tile_rows = 8;
// Panels side by side: enough loads in flight at few rows, enough registers at many.
constexpr int panels_for(int rows) { return rows <= 2 ? 6 : 3; }
constexpr int int_panels_for(int rows) { return rows <= 2 ? 4 : rows <= 4 ? 2 : 1; }

}  // namespace
}  // namespace splitwan::engine::kernels
