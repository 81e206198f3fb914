#include "engine/wire/codecs/scaled_rows.hh"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t scale_bytes = sizeof(float);
constexpr float least_scale = std::numeric_limits<float>::min();  // below it division would lose digits

float read_scale(const std::byte* at, std::size_t row) {
  float scale = 0;
  std::memcpy(&scale, at, scale_bytes);
  if (!(scale >= least_scale) || !std::isfinite(scale))
    throw Error("activation: row {} has a scale of {}: expected a finite one of at least {:.3g}", row, scale,
                least_scale);
  return scale;
}

}  // namespace

float ScaledRows::scale_of(std::span<const float> row, std::size_t number) const {
  float largest = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!std::isfinite(row[i]))
      throw Error("activation: row {}, column {} is {}: {} carries finite values only", number, i,
                  std::isnan(row[i]) ? "NaN" : "infinite", name());
    largest = std::max(largest, std::abs(row[i]));
  }
  return std::max(largest / static_cast<float>(levels_), least_scale);
}

int ScaledRows::whole(float value, float scale) { return static_cast<int>(std::lrint(value / scale)); }

float ScaledRows::checked(int number, std::size_t row, float scale) const {
  if (std::abs(number) > levels_)
    throw Error("activation: row {} holds {}: expected {} numbers of at most {}", row, number, name(),
                levels_);
  return scale * static_cast<float>(number);
}

std::uint64_t ScaledRows::row_bytes(std::uint64_t width) const { return scale_bytes + number_bytes(width); }

void ScaledRows::encode(std::span<const float> values, std::uint64_t width, std::span<std::byte> to) const {
  std::byte* at = to.data();
  for (std::size_t r = 0; width > 0 && r < values.size() / width; ++r, at += row_bytes(width)) {
    const auto row = values.subspan(r * width, width);
    const float scale = scale_of(row, r);
    std::memcpy(at, &scale, scale_bytes);
    write_numbers(row, scale, at + scale_bytes);
  }
}

void ScaledRows::decode(std::span<const std::byte> from, std::uint64_t width, std::span<float> values) const {
  const std::byte* at = from.data();
  for (std::size_t r = 0; width > 0 && r < values.size() / width; ++r, at += row_bytes(width))
    read_numbers(at + scale_bytes, r, read_scale(at, r), values.subspan(r * width, width));
}

}  // namespace splitwan::engine
