// The product with packed weights, over the 16-lane vocabulary of one instruction set.
#pragma once

// included after one simd_*.hh

namespace splitwan::engine::kernels {
namespace {

// How far ahead weights are asked for: the hardware runs ahead within a page of memory only. Measured here
// against its own reading: 8 % faster at one row, 15 % at four in bf16, 10 % and 20 % in int8, 18 % and 30 %
// in int4; twice as far is slower.
constexpr std::int64_t page = 4096;

INLINE float float_of(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}

// One step of a float format: 16 outputs by one or two inputs.
struct F32 {
  using E = float;
  using X = float;
  using W = V;
  static constexpr int inputs = 1, elements = 16;
  static INLINE W weights(const E* p) { return load(p); }
  static INLINE V apply(V acc, const W& w, X x) { return fma(w, set(x), acc); }
};
struct F16 : F32 {
  using E = std::uint16_t;
  static INLINE W weights(const E* p) { return load_f16(p); }
};
struct Bf16 : Bf16Dot {
  using E = std::uint16_t;
  static constexpr int inputs = 2, elements = 32;
};

// Sums of a tile go to y, and, where k is cut into blocks, those after the first continue from there: f32
// keeps every bit.
template <int Rows, int Panels>
INLINE void start_sums(V (&sum)[Panels][Rows], std::int64_t from, const float* y, std::int64_t m,
                       std::int64_t columns) {
#pragma GCC unroll 6
  for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const float* at = y + r * m + p * panel;
      if (from == 0) {
        sum[p][r] = zero();
      } else if (columns >= (p + 1) * panel) {
        sum[p][r] = load(at);
      } else {
        float part[panel] = {};
        for (std::int64_t j = 0; j < columns - p * panel; ++j) part[j] = at[j];
        sum[p][r] = load(part);
      }
    }
  }
}

template <int Rows, int Panels>
INLINE void store_sums(const V (&sum)[Panels][Rows], float* y, std::int64_t m, std::int64_t columns) {
#pragma GCC unroll 6
  for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      float* to = y + r * m + p * panel;
      if (columns >= (p + 1) * panel) {
        store(to, sum[p][r]);
      } else {
        float part[panel];
        store(part, sum[p][r]);
        for (std::int64_t j = 0; j < columns - p * panel; ++j) to[j] = part[j];
      }
    }
  }
}

// Weights of a whole matrix [panels][steps][elements] against groups of activations [steps][rows in group].
template <class F>
struct FloatProduct {
  const typename F::E* packed;
  const typename F::X* x;
  std::int64_t steps, m;
  static constexpr std::int64_t block =
      65536 / static_cast<std::int64_t>(F::elements * sizeof(typename F::E));
  static constexpr int panels_of(int rows) { return panels_for(rows); }

  static std::int64_t steps_of(std::int64_t k) { return (k + F::inputs - 1) / F::inputs; }

  // `Panels` panels x `Rows` rows in registers; each output is one chain over k.
  template <int Rows, int Panels>
  INLINE void tile(std::int64_t p0, std::int64_t row, std::int64_t from, std::int64_t to, float* y) const {
    const typename F::E* w = packed + (p0 * steps + from) * F::elements;
    const typename F::X* in = x + row * steps + from * Rows;
    y += row * m + p0 * panel;
    V sum[Panels][Rows];
    start_sums<Rows, Panels>(sum, from, y, m, m - p0 * panel);
    for (std::int64_t i = from; i < to; ++i, w += F::elements, in += Rows) {
      if constexpr (Rows > 4) {  // each input is spread over a register once, for all panels
        typename F::W weights[Panels];
#pragma GCC unroll 6
        for (int p = 0; p < Panels; ++p) weights[p] = F::weights(w + p * steps * F::elements);
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 6
          for (int p = 0; p < Panels; ++p) sum[p][r] = F::apply(sum[p][r], weights[p], in[r]);
        }
      } else {
#pragma GCC unroll 6
        for (int p = 0; p < Panels; ++p) {
          prefetch(w + p * steps * F::elements + page / sizeof(typename F::E));
          const auto weights = F::weights(w + p * steps * F::elements);
#pragma GCC unroll 8
          for (int r = 0; r < Rows; ++r) sum[p][r] = F::apply(sum[p][r], weights, in[r]);
        }
      }
    }
    store_sums<Rows, Panels>(sum, y, m, m - p0 * panel);
  }
};

// Integer formats: [panels][groups]{scales bf16 [16], bytes}, against groups of activations
// [groups]{scale [rows], correction [rows], four inputs each [group / 4][rows]}. The sums of a group are
// integers and exact; groups are added in order.
template <Storage storage>
struct IntProduct {
  static constexpr int group = group_of(storage);
  static constexpr bool nibbles = storage == Storage::int4;
  static constexpr std::int64_t group_bytes = 2 * panel + panel * group / (nibbles ? 2 : 1);
  static constexpr std::int64_t block = 64;
  static constexpr int panels_of(int rows) { return int_panels_for(rows); }
  const std::uint8_t* packed;
  const std::int32_t* x;
  std::int64_t steps, m;

  static std::int64_t steps_of(std::int64_t k) { return (k + group - 1) / group; }

  template <int Rows, int Panels>
  INLINE void tile(std::int64_t p0, std::int64_t row, std::int64_t from, std::int64_t to, float* y) const {
    constexpr int words = group / 4 + 2;  // 32-bit words of a row's group
    const std::uint8_t* w = packed + (p0 * steps + from) * group_bytes;
    const std::int32_t* in = x + (row * steps + from * Rows) * words;
    y += row * m + p0 * panel;
    V sum[Panels][Rows];
    start_sums<Rows, Panels>(sum, from, y, m, m - p0 * panel);
    for (std::int64_t g = from; g < to; ++g, w += group_bytes, in += words * Rows) {
      I part[Panels][Rows];
#pragma GCC unroll 6
      for (int p = 0; p < Panels; ++p) {
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) part[p][r] = set_int(in[Rows + r]);
      }
      const std::int32_t* value = in + 2 * Rows;
      const std::uint8_t* at = w + 2 * panel;
      constexpr int loads = group / (nibbles ? 8 : 4);
#pragma GCC unroll 2
      for (int i = 0; i < loads; ++i, at += 64, value += (nibbles ? 2 : 1) * Rows) {
#pragma GCC unroll 6
        for (int p = 0; p < Panels; ++p) {
          const std::uint8_t* here = at + p * steps * group_bytes;
          prefetch(here + page);
          const Bytes64 raw = load_bytes(here);
          const Bytes64 low = nibbles ? low_nibbles(raw) : raw;
#pragma GCC unroll 8
          for (int r = 0; r < Rows; ++r) {
            part[p][r] = nibbles ? dot_int4(part[p][r], low, value[r]) : dot_int8(part[p][r], low, value[r]);
          }
          if constexpr (nibbles) {
            const Bytes64 high = high_nibbles(raw);
#pragma GCC unroll 8
            for (int r = 0; r < Rows; ++r) part[p][r] = dot_int4(part[p][r], high, value[Rows + r]);
          }
        }
      }
#pragma GCC unroll 6
      for (int p = 0; p < Panels; ++p) {
        const V of_weights = load_bf16(reinterpret_cast<const std::uint16_t*>(w + p * steps * group_bytes));
#pragma GCC unroll 8
        for (int r = 0; r < Rows; ++r) {
          sum[p][r] = fma(to_float(part[p][r]),
                          mul(of_weights, set(float_of(static_cast<std::uint32_t>(in[r])))), sum[p][r]);
        }
      }
    }
    store_sums<Rows, Panels>(sum, y, m, m - p0 * panel);
  }
};

template <int Rows, class Product>
INLINE void sweep(const Product& product, std::int64_t p, std::int64_t last, std::int64_t row,
                  std::int64_t from, std::int64_t to, float* y) {
  constexpr int wide = Product::panels_of(Rows);
  for (; p + wide <= last; p += wide) product.template tile<Rows, wide>(p, row, from, to, y);
  if constexpr (wide > 1) {
    for (; p < last; ++p) product.template tile<Rows, 1>(p, row, from, to, y);
  }
}

// Rows of one group, at most tile_rows. Kept out of line: the compiler has enough to unroll as it is.
template <int Rows, class Product>
__attribute__((noinline)) void group_of_rows(const Product& product, std::int64_t first, std::int64_t last,
                                             std::int64_t rows, std::int64_t row, std::int64_t from,
                                             std::int64_t to, float* y) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return group_of_rows<Rows - 1>(product, first, last, rows, row, from, to, y);
  }
  sweep<Rows>(product, first, last, row, from, to, y);
}

template <class Product>
INLINE void multiply(const Product& product, std::int64_t first, std::int64_t last, std::int64_t rows,
                     float* y) {
  const auto steps = product.steps;
  if (rows <= tile_rows) return group_of_rows<tile_rows>(product, first, last, rows, 0, 0, steps, y);
  // Weights of a block stay in the nearest cache while all rows pass over them.
  for (std::int64_t p = first; p < last; p += panels_together) {
    const std::int64_t end = p + panels_together < last ? p + panels_together : last;
    for (std::int64_t from = 0; from < steps; from += Product::block) {
      const std::int64_t to = from + Product::block < steps ? from + Product::block : steps;
      for (std::int64_t row = 0; row < rows; row += tile_rows) {
        group_of_rows<tile_rows>(product, p, end, rows - row, row, from, to, y);
      }
    }
  }
}

template <class F>
void multiply_floats(const void* packed, std::int64_t k, std::int64_t m, std::int64_t first,
                     std::int64_t last, const void* x, std::int64_t rows, float* y) {
  multiply(FloatProduct<F>{static_cast<const typename F::E*>(packed), static_cast<const typename F::X*>(x),
                           FloatProduct<F>::steps_of(k), m},
           first, last, rows, y);
}

template <Storage storage>
void multiply_ints(const void* packed, std::int64_t k, std::int64_t m, std::int64_t first, std::int64_t last,
                   const void* x, std::int64_t rows, float* y) {
  using Product = IntProduct<storage>;
  multiply(Product{static_cast<const std::uint8_t*>(packed), static_cast<const std::int32_t*>(x),
                   Product::steps_of(k), m},
           first, last, rows, y);
}

void linear(Storage storage, const void* packed, std::int64_t k, std::int64_t m, std::int64_t first,
            std::int64_t last, const void* x, std::int64_t rows, float* y) {
  switch (storage) {
    case Storage::bf16:
      return multiply_floats<Bf16>(packed, k, m, first, last, x, rows, y);
    case Storage::f16:
      return multiply_floats<F16>(packed, k, m, first, last, x, rows, y);
    case Storage::int8:
      return multiply_ints<Storage::int8>(packed, k, m, first, last, x, rows, y);
    case Storage::int4:
      return multiply_ints<Storage::int4>(packed, k, m, first, last, x, rows, y);
    default:
      return multiply_floats<F32>(packed, k, m, first, last, x, rows, y);
  }
}

}  // namespace
}  // namespace splitwan::engine::kernels
