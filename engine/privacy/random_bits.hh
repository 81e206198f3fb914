// Where a mechanism's coins come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace splitwan::engine {

// The operating system's, or of a seed: those repeat, so that they are for tests and simulation only.
class RandomBits {
 public:
  RandomBits() = default;
  explicit RandomBits(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t next();
  double uniform();  // [0, 1), 53 bits
  // Of one thing among many, with a seed: bits that no other thing's change. The system's need no such care.
  RandomBits of(std::uint64_t thing) const;
  const char* source() const { return seed_ ? "seed" : "operating system"; }

 private:
  std::optional<std::uint64_t> seed_;
  std::uint64_t drawn_ = 0;
  std::vector<std::uint64_t> ahead_;
};

// One of Bin(n, q), by inversion from the likeliest count outwards: a 53-bit number decides.
std::uint32_t draw_binomial(RandomBits&, std::uint32_t n, double q);

}  // namespace splitwan::engine
