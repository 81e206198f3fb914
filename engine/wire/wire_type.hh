// How activations are written on the wire, and what they weigh. No torch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace splitwan::engine {

// f32 crosses as computed: split equals local bit for bit. The others round. int8 and int4 are symmetric,
// with one scale per row: a row's bytes depend on nothing but the row. The number is the header's dtype.
enum class WireType : std::uint8_t { f32 = 0, f16 = 1, int8 = 2, int4 = 3, bf16 = 4 };

constexpr auto wire_types_text = "f32, f16, bf16, int8 or int4";
WireType wire_type_named(const std::string&);  // throws Error
std::string_view name_of(WireType);

// Exactly: f32 4 bytes a value, f16 and bf16 2; int8 a scale of 4 bytes a row, then 1 a value; int4 a scale
// of 4 bytes a row, then 1 for every two values, an odd width's last half byte being empty.
constexpr std::uint64_t payload_bytes(WireType type, std::uint64_t rows, std::uint64_t width) {
  switch (type) {
    case WireType::f32:
      return rows * width * 4;
    case WireType::f16:
    case WireType::bf16:
      return rows * width * 2;
    case WireType::int8:
      return rows * (4 + width);
    case WireType::int4:
      return rows * (4 + (width + 1) / 2);
  }
  return 0;
}

}  // namespace splitwan::engine
