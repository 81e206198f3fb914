#include "engine/privacy/random_bits.hh"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/base/philox.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t together = 512;         // words asked for at a time
constexpr std::uint32_t stream = 0x42494e4f;  // "BINO": no other draw of the seed counts here

void from_the_system(std::vector<std::uint64_t>& words) {
  words.resize(together);
  auto* to = reinterpret_cast<char*>(words.data());
  for (std::size_t left = together * sizeof words[0]; left > 0;) {
    const ssize_t got = getrandom(to, left, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw Error("the operating system gives no random bits: {}", std::strerror(errno));
    to += got, left -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::uint64_t RandomBits::next() {
  if (seed_) {
    const std::uint64_t block = drawn_ / 2;
    const PhiloxBlock b = philox(
        *seed_, {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), 0, stream});
    const std::size_t half = 2 * (drawn_++ % 2);
    return b[half] | std::uint64_t{b[half + 1]} << 32;
  }
  if (ahead_.empty()) from_the_system(ahead_);
  const std::uint64_t word = ahead_.back();
  ahead_.pop_back();
  return word;
}

RandomBits RandomBits::of(std::uint64_t thing) const {
  if (!seed_) return {};
  constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;
  return RandomBits((*seed_ + 1) * odd ^ thing);
}

double RandomBits::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint32_t draw_binomial(RandomBits& bits, std::uint32_t n, double q) {
  const double u = bits.uniform();
  const auto mode = std::min(n, static_cast<std::uint32_t>((n + 1.0) * q));
  const auto lgamma_of = [](double x) { return std::lgamma(x + 1); };
  const double odds = q / (1 - q), peak = std::exp(lgamma_of(n) - lgamma_of(mode) - lgamma_of(n - mode) +
                                                   mode * std::log(q) + (n - mode) * std::log1p(-q));
  double sum = peak, low = peak, high = peak;
  if (u < sum) return mode;
  std::uint32_t down = mode, up = mode;
  while (down > 0 || up < n) {
    if (up < n) {
      high *= odds * (n - up) / (up + 1);
      ++up;
      if (u < (sum += high)) return up;
    }
    if (down > 0) {
      low *= down / (odds * (n - down + 1));
      --down;
      if (u < (sum += low)) return down;
    }
    if (high + low < 1e-300) break;
  }
  return mode;  // what rounding left of the sum: below 1e-13
}

}  // namespace splitwan::engine
