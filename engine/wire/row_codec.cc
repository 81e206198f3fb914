#include "engine/wire/row_codec.hh"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t scale_bytes = sizeof(float);
constexpr float least_scale = std::numeric_limits<float>::min();  // below it division would lose digits

constexpr int levels(WireType type) { return type == WireType::int8 ? 127 : 7; }

float scale_of(std::span<const float> row, std::size_t number, WireType type) {
  float largest = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!std::isfinite(row[i]))
      throw Error("activation: row {}, column {} is {}: {} carries finite values only", number, i,
                  std::isnan(row[i]) ? "NaN" : "infinite", name_of(type));
    largest = std::max(largest, std::abs(row[i]));
  }
  return std::max(largest / static_cast<float>(levels(type)), least_scale);
}

std::uint8_t whole(float value, float scale) { return static_cast<std::uint8_t>(std::lrint(value / scale)); }

void check_number(int number, WireType type, std::size_t row) {
  if (std::abs(number) > levels(type))
    throw Error("activation: row {} holds {}: expected {} numbers of at most {}", row, number, name_of(type),
                levels(type));
}

float read_scale(const std::byte* at, std::size_t row) {
  float scale = 0;
  std::memcpy(&scale, at, scale_bytes);
  if (!(scale >= least_scale) || !std::isfinite(scale))
    throw Error("activation: row {} has a scale of {}: expected a finite one of at least {:.3g}", row, scale,
                least_scale);
  return scale;
}

}  // namespace

Bytes encode_rows(std::span<const float> values, std::uint64_t width, WireType type) {
  const std::size_t rows = width > 0 ? values.size() / width : 0, row_bytes = payload_bytes(type, 1, width);
  Bytes out(rows * row_bytes);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = values.subspan(r * width, width);
    const float scale = scale_of(row, r, type);
    std::byte* to = out.data() + r * row_bytes;
    std::memcpy(to, &scale, scale_bytes);
    to += scale_bytes;
    for (std::size_t i = 0; i < width; ++i) {
      const std::uint8_t number = whole(row[i], scale);
      if (type == WireType::int8) {
        to[i] = std::byte{number};
      } else {
        to[i / 2] |= std::byte(i % 2 == 0 ? number & 0xf : (number & 0xf) << 4);
      }
    }
  }
  return out;
}

void decode_rows(std::span<const std::byte> payload, std::uint64_t width, WireType type,
                 std::span<float> values) {
  const std::size_t rows = width > 0 ? values.size() / width : 0, row_bytes = payload_bytes(type, 1, width);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::byte* from = payload.data() + r * row_bytes;
    const float scale = read_scale(from, r);
    from += scale_bytes;
    float* to = values.data() + r * width;
    for (std::size_t i = 0; i < width; ++i) {
      int number = 0;
      if (type == WireType::int8) {
        number = static_cast<std::int8_t>(from[i]);
      } else {
        const int half = std::to_integer<int>(i % 2 == 0 ? from[i / 2] & std::byte{0xf} : from[i / 2] >> 4);
        number = half > 7 ? half - 16 : half;
      }
      check_number(number, type, r);
      to[i] = scale * static_cast<float>(number);
    }
    if (type == WireType::int4 && width % 2 == 1 && (from[width / 2] >> 4) != std::byte{0})
      throw Error("activation: row {} has bits behind its last value", r);
  }
}

}  // namespace splitwan::engine
