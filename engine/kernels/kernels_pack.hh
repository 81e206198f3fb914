// Laying out weights (once, at loading) and activations (every product).
#pragma once

// included after one simd_*.hh and kernels_linear.hh

namespace splitwan::engine::kernels {
namespace {

INLINE std::uint32_t bits_of(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return bits;
}
INLINE std::uint16_t to_bf16(float x) {  // to nearest, ties to even
  if (x != x) return 0x7fc0;
  const std::uint32_t bits = bits_of(x);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
// The scale that is kept: no smaller than x, so that the largest value still fits.
INLINE std::uint16_t bf16_at_least(float x) {
  return static_cast<std::uint16_t>((bits_of(x) + 0xffff) >> 16);
}

// Sixteen values from a file, which need not align them.
INLINE void widen16(const std::byte* from, DType type, float* to) {
  if (type == DType::f32) return static_cast<void>(__builtin_memcpy(to, from, 64));
  std::uint16_t raw[16];
  __builtin_memcpy(raw, from, 32);
  store(to, type == DType::f16 ? load_f16(raw) : load_bf16(raw));
}

void widen(const std::byte* from, DType type, std::int64_t n, float* to) {
  const std::int64_t size = type == DType::f32 ? 4 : 2;
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) widen16(from + i * size, type, to + i);
  if (i == n) return;
  std::byte rest[64] = {};
  float wide[16];
  __builtin_memcpy(rest, from + i * size, static_cast<std::size_t>((n - i) * size));
  widen16(rest, type, wide);
  __builtin_memcpy(to + i, wide, static_cast<std::size_t>(n - i) * 4);
}

constexpr int span = 64;  // inputs packed at a time: a multiple of every group
using Block = float[panel][span];

INLINE void put_floats(Storage storage, const Block& in, std::int64_t from, std::int64_t count, void* out) {
  if (storage == Storage::f32) {
    auto* to = static_cast<float*>(out) + from * panel;
    for (std::int64_t i = 0; i < count; ++i) {
      for (int j = 0; j < panel; ++j) to[i * panel + j] = in[j][i];
    }
  } else if (storage == Storage::f16) {
    auto* to = static_cast<std::uint16_t*>(out) + from * panel;
    for (std::int64_t i = 0; i < count; ++i) {
      float column[panel];
      for (int j = 0; j < panel; ++j) column[j] = in[j][i];
      store_f16(to + i * panel, load(column));
    }
  } else {
    auto* to = static_cast<std::uint16_t*>(out) + from * panel;
    for (std::int64_t i = 0; i < count; i += 2) {  // beyond k the block is zero
      for (int j = 0; j < panel; ++j) {
        to[i * panel + 2 * j] = to_bf16(in[j][i]);
        to[i * panel + 2 * j + 1] = to_bf16(in[j][i + 1]);
      }
    }
  }
}

// int8: w = scale * (byte - 128). int4: w = scale * (nibble - 8), the low nibbles before the high ones.
INLINE void put_group(Storage storage, const Block& in, int begin, std::uint8_t* out) {
  const bool nibbles = storage == Storage::int4;
  const int group = group_of(storage);
  auto* bytes = out + 2 * panel;
  for (int j = 0; j < panel; ++j) {
    const float* w = in[j] + begin;
    V high = load(w), low = high;
    for (int i = 16; i < group; i += 16) {
      high = largest(high, load(w + i));
      low = smallest(low, load(w + i));
    }
    float highs[16], lows[16], top = 0, bottom = 0;
    store(highs, high);
    store(lows, low);
    for (int i = 0; i < 16; ++i) {
      top = highs[i] > top ? highs[i] : top;
      bottom = lows[i] < bottom ? lows[i] : bottom;
    }
    const float size = top > -bottom ? top : -bottom;
    std::uint16_t scale = bf16_at_least(size / (nibbles ? 8 : 127));
    if (nibbles && top > -bottom) scale |= 0x8000;  // the larger side gets the eighth step
    __builtin_memcpy(out + 2 * j, &scale, 2);
    const V inverse = set(size > 0 ? 1 / float_of(std::uint32_t{scale} << 16) : 0);
    const V most = set(nibbles ? 7 : 127), least = set(nibbles ? -8 : -127);
    std::int32_t steps[64];
    for (int i = 0; i < group; i += 16)
      store_int(steps + i, to_int(smallest(largest(mul(load(w + i), inverse), least), most)));
    if (nibbles) {
      for (int i = 0; i < group; i += 8) {
        for (int b = 0; b < 4; ++b) {
          bytes[i / 8 * 64 + 4 * j + b] =
              static_cast<std::uint8_t>((steps[i + b] + 8) | (steps[i + 4 + b] + 8) << 4);
        }
      }
    } else {
      for (int i = 0; i < group; ++i)
        bytes[i / 4 * 64 + 4 * j + i % 4] = static_cast<std::uint8_t>(steps[i] + 128);
    }
  }
}

// Two-byte weights that stay as they are.
INLINE bool copy_pairs(Storage storage, const PanelSource& source, std::int64_t from, std::int64_t count,
                       void* out) {
  const DType same = storage == Storage::bf16 ? DType::bf16 : DType::f16;
  if ((storage != Storage::bf16 && storage != Storage::f16) || count < span) return false;
  for (int j = 0; j < panel; ++j) {
    if (source.rows[j] && source.types[j] != same) return false;
  }
  std::uint32_t pairs[panel][span / 2] = {};
  for (int j = 0; j < panel; ++j) {
    if (source.rows[j]) __builtin_memcpy(pairs[j], source.rows[j] + 2 * from, 2 * span);
  }
  if (storage == Storage::bf16) {
    auto* to = static_cast<std::uint32_t*>(out) + from / 2 * panel;
    for (int i = 0; i < span / 2; ++i) {
      for (int j = 0; j < panel; ++j) to[i * panel + j] = pairs[j][i];
    }
  } else {
    auto* to = static_cast<std::uint16_t*>(out) + from * panel;
    for (int i = 0; i < span / 2; ++i) {
      for (int j = 0; j < panel; ++j) {
        to[2 * i * panel + j] = static_cast<std::uint16_t>(pairs[j][i]);
        to[(2 * i + 1) * panel + j] = static_cast<std::uint16_t>(pairs[j][i] >> 16);
      }
    }
  }
  return true;
}

void pack_panel(Storage storage, const PanelSource& source, std::int64_t k, void* out) {
  for (std::int64_t from = 0; from < k; from += span) {
    const std::int64_t count = k - from < span ? k - from : span;
    if (copy_pairs(storage, source, from, count, out)) continue;
    Block block;
    for (int j = 0; j < panel; ++j) {
      if (count < span || !source.rows[j]) __builtin_memset(block[j], 0, sizeof block[j]);
      const std::int64_t size = source.types[j] == DType::f32 ? 4 : 2;
      if (source.rows[j]) widen(source.rows[j] + from * size, source.types[j], count, block[j]);
    }
    if (storage == Storage::int8 || storage == Storage::int4) {
      const int group = group_of(storage);
      const std::int64_t bytes = 2 * panel + panel * group / (storage == Storage::int4 ? 2 : 1);
      for (int begin = 0; begin < count; begin += group) {
        put_group(storage, block, begin, static_cast<std::uint8_t*>(out) + (from + begin) / group * bytes);
      }
    } else {
      put_floats(storage, block, from, count, out);
    }
  }
}

// One row's group: scale, correction for the weights' offset, then the rounded values.
INLINE void quantise(const float* x, std::int64_t count, int group, int offset, int rows, int r,
                     std::int32_t* out) {
  float full[64] = {};
  if (count < group) {
    for (std::int64_t i = 0; i < count; ++i) full[i] = x[i];
    x = full;
  }
  V most = zero();
  for (int i = 0; i < group; i += 16) most = largest(most, magnitude(load(x + i)));
  float lanes[16], size = 0;
  store(lanes, most);
  for (const float lane : lanes) size = lane > size ? lane : size;
  const V inverse = set(size > 0 ? 127 / size : 0);
  std::int32_t values[64], total = 0;
  for (int i = 0; i < group; i += 16) store_int(values + i, to_int(mul(load(x + i), inverse)));
  for (int i = 0; i < group; i += 4) {
    std::uint32_t word = 0;
    for (int b = 0; b < 4; ++b) {
      total += values[i + b];
      word |= (static_cast<std::uint32_t>(values[i + b]) & 0xff) << 8 * b;
    }
    out[(2 + i / 4) * rows + r] = static_cast<std::int32_t>(word);
  }
  out[r] = static_cast<std::int32_t>(bits_of(size / 127));
  out[rows + r] = -offset * total;
}

INLINE void put_x(float& to, float x, float) { to = x; }
INLINE void put_x(std::uint32_t& to, float x, float next) {
  to = to_bf16(x) | static_cast<std::uint32_t>(to_bf16(next)) << 16;
}
template <class X>
INLINE void put_x(X& to, float x, float next) {
  to = {x, next};
}

template <class F>
INLINE void lay_out(const float* x, std::int64_t k, int rows, typename F::X* out) {
  for (int r = 0; r < rows; ++r, x += k) {
    std::int64_t i = 0;
    for (; i + F::inputs <= k; i += F::inputs)
      put_x(out[i / F::inputs * rows + r], x[i], x[i + F::inputs - 1]);
    if (i < k) put_x(out[i / F::inputs * rows + r], x[i], 0);
  }
}

void pack_activations(Storage storage, const float* x, std::int64_t k, std::int64_t rows, std::int64_t first,
                      std::int64_t last, void* out) {
  for (std::int64_t g = first; g < last; ++g) {
    const std::int64_t row = g * tile_rows;
    const int count = static_cast<int>(rows - row < tile_rows ? rows - row : tile_rows);
    const float* from = x + row * k;
    if (storage == Storage::bf16) {
      auto* to = static_cast<Bf16::X*>(out) + row * FloatProduct<Bf16>::steps_of(k);
      count == 1 ? lay_out<Bf16>(from, k, 1, to) : lay_out<Bf16>(from, k, count, to);
    } else if (storage == Storage::int8 || storage == Storage::int4) {
      const int group = group_of(storage), words = group / 4 + 2;
      const int offset = storage == Storage::int4 ? 8 : signed_int8 ? 0 : 128;
      const std::int64_t groups = (k + group - 1) / group;
      auto* to = static_cast<std::int32_t*>(out) + row * groups * words;
      for (std::int64_t i = 0; i < groups; ++i, to += words * count) {
        for (int r = 0; r < count; ++r)
          quantise(from + r * k + i * group, k - i * group, group, offset, count, r, to);
      }
    } else {
      lay_out<F32>(from, k, count, static_cast<float*>(out) + row * k);
    }
  }
}

}  // namespace
}  // namespace splitwan::engine::kernels
