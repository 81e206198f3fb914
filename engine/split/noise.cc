#include "engine/split/noise.hh"

#include <ATen/ATen.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <span>

#include "engine/base/philox.hh"
#include "engine/layers/device.hh"

namespace splitwan::engine {
namespace {

// FNV-1a over words (Fowler, Noll, Vo): tells rows apart, hides nothing.
std::uint64_t fingerprint(std::span<const float> row) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const float value : row) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001b3;
  return hash;
}

double root_mean_square(std::span<const float> row) {
  double squares = 0;
  for (const float value : row) squares += double{value} * value;
  return std::sqrt(squares / static_cast<double>(row.size()));
}

// In (0, 1]: its logarithm is finite.
double uniform(std::uint32_t bits) { return (bits + 1.0) / 4294967296.0; }

// Box and Muller's: four normal numbers from a block of four words.
void add_normals(std::span<float> to, double sigma, const PhiloxBlock& words) {
  for (std::size_t i = 0; i < to.size(); i += 2) {
    const double radius = sigma * std::sqrt(-2 * std::log(uniform(words[i])));
    const double angle = 2 * std::numbers::pi * uniform(words[i + 1]);
    to[i] += static_cast<float>(radius * std::cos(angle));
    if (i + 1 < to.size()) to[i + 1] += static_cast<float>(radius * std::sin(angle));
  }
}

constexpr std::uint32_t noise_stream = 0x4e4f4953;  // "NOIS": no other draw of the seed counts here

}  // namespace

at::Tensor with_noise(const at::Tensor& hidden, double share, std::uint64_t seed) {
  if (share == 0) return hidden;
  const at::Tensor noisy = download(hidden).clone();
  const auto width = static_cast<std::size_t>(noisy.size(1));
  for (std::int64_t r = 0; r < noisy.size(0); ++r) {
    const std::span row(noisy.data_ptr<float>() + r * noisy.size(1), width);
    const double sigma = share * root_mean_square(row);
    const std::uint64_t of_row = fingerprint(row);
    for (std::size_t i = 0; i < width; i += 4) {
      const PhiloxBlock counter = {static_cast<std::uint32_t>(i / 4), static_cast<std::uint32_t>(of_row),
                                   static_cast<std::uint32_t>(of_row >> 32), noise_stream};
      add_normals(row.subspan(i, std::min<std::size_t>(4, width - i)), sigma, philox(seed, counter));
    }
  }
  return upload(noisy, hidden.device());
}

}  // namespace splitwan::engine
