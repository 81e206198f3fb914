// Rows of floats as small whole numbers: symmetric, a scale of the row's own. A value is scale x number, its
// error at most scale / 2.
#pragma once

#include "engine/wire/codec.hh"

namespace splitwan::engine {

// scale = largest magnitude / levels, at least the smallest normal float; numbers are rounded to the nearest,
// ties to even. Layout of a row: scale (f32, little endian), then the numbers. Throws Error naming the first
// value that is not finite, and on a scale or a number that the encoder never writes.
class ScaledRows : public Codec {
 public:
  ScaledRows(const CodecLabel& label, int levels) : Codec(label), levels_(levels) {}
  std::uint64_t row_bytes(std::uint64_t width) const override;
  void encode(std::span<const float> values, std::uint64_t width, std::span<std::byte> to) const override;
  void decode(std::span<const std::byte> from, std::uint64_t width, std::span<float> values) const override;

 private:
  virtual std::uint64_t number_bytes(std::uint64_t width) const = 0;
  virtual void write_numbers(std::span<const float> row, float scale, std::byte* to) const = 0;
  virtual void read_numbers(const std::byte* from, std::size_t row, float scale,
                            std::span<float> to) const = 0;

  float scale_of(std::span<const float> row, std::size_t number) const;

 protected:
  static int whole(float value, float scale);
  float checked(int number, std::size_t row, float scale) const;  // the value

 private:
  int levels_;
};

}  // namespace splitwan::engine
