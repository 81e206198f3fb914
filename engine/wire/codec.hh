// One way to write activations on the wire. No torch.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/types.hh"

namespace splitwan::engine {

// What a codec is called: by people, in message headers, and in lists.
struct CodecLabel {
  std::string_view name;
  std::uint8_t id = 0;       // Header::dtype; never given to another codec
  bool lossless = false;     // what is decoded is what was encoded, bit for bit
  bool recommended = false;  // `advise` ranks it
};

// To make one: a file in engine/wire/codecs/ and a row in codecs.cc. A row's bytes depend on nothing but the
// row, and decoding checks whatever a stranger could have written. An object may carry weights; it is shared
// between sessions, so that its members are const.
class Codec {
 public:
  explicit Codec(const CodecLabel& label) : label_(label) {}
  virtual ~Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;

  std::string_view name() const { return label_.name; }
  const CodecLabel& label() const { return label_; }

  // Of a row of `width` values: its columns in the header of a message, and its bytes, exactly.
  virtual std::uint64_t wire_width(std::uint64_t width) const { return width; }
  virtual std::uint64_t row_bytes(std::uint64_t width) const = 0;

  // Rows of `width` values below each other <-> row_bytes(width) each. Both throw Error that names the row.
  virtual void encode(std::span<const float> values, std::uint64_t width, std::span<std::byte> to) const = 0;
  virtual void decode(std::span<const std::byte> from, std::uint64_t width,
                      std::span<float> values) const = 0;

  // Either way, for the clock: what is read once and written once.
  struct Cost {
    double flops = 0, bytes = 0;
  };
  virtual Cost cost(std::uint64_t rows, std::uint64_t width) const {
    return {0, 2.0 * static_cast<double>(rows * row_bytes(width))};
  }

 private:
  CodecLabel label_;
};

Bytes encode_rows(const Codec&, std::span<const float> values, std::uint64_t width);

}  // namespace splitwan::engine
