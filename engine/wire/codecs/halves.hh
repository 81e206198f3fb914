// Codecs of 16 bits a value: all that differs is how a value becomes its bits.
#pragma once

#include <cstring>

#include "engine/wire/codec.hh"

// The loop once for any x86-64 and once for AVX2, chosen when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__)  // whose own set-up comes after the choice between clones
#define SPLITWAN_WIDE_LOOP __attribute__((target_clones("default", "avx2")))
#else
#define SPLITWAN_WIDE_LOOP
#endif

namespace splitwan::engine {

class Halves : public Codec {
 public:
  using Codec::Codec;
  std::uint64_t row_bytes(std::uint64_t width) const override { return width * sizeof(std::uint16_t); }
  void encode(std::span<const float> values, std::uint64_t, std::span<std::byte> to) const override {
    narrow(values.data(), to.data(), values.size());
  }
  void decode(std::span<const std::byte> from, std::uint64_t, std::span<float> values) const override {
    widen(from.data(), values.data(), values.size());
  }

 private:
  // `count` values; the bytes need not be aligned.
  virtual void narrow(const float* values, std::byte* to, std::size_t count) const = 0;
  virtual void widen(const std::byte* from, float* values, std::size_t count) const = 0;
};

}  // namespace splitwan::engine
