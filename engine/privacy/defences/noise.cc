// Gaussian noise on every row, of sigma = a share of the row's root mean square. A server that can guess the
// seed can subtract it.
#include <bit>
#include <charconv>
#include <cmath>
#include <numbers>

#include "engine/base/json_file.hh"
#include "engine/base/philox.hh"
#include "engine/privacy/defence.hh"

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
constexpr double most_noise = 100;

class Noise : public Defence {
 public:
  explicit Noise(double share) : share_(share) {}
  bool changes_rows() const override { return true; }
  Json value() const override { return share_; }

  void change(std::span<float> values, std::uint64_t width, std::uint64_t seed) const override {
    for (std::size_t at = 0; at + width <= values.size() && width > 0; at += width) {
      const auto row = values.subspan(at, width);
      const double sigma = share_ * root_mean_square(row);
      const std::uint64_t of_row = fingerprint(row);
      for (std::size_t i = 0; i < width; i += 4) {
        const PhiloxBlock counter = {static_cast<std::uint32_t>(i / 4), static_cast<std::uint32_t>(of_row),
                                     static_cast<std::uint32_t>(of_row >> 32), noise_stream};
        add_normals(row.subspan(i, std::min<std::size_t>(4, width - i)), sigma, philox(seed, counter));
      }
    }
  }

 private:
  double share_;
};

DefencePtr noise_of(double share, const std::string& where, const std::string& found) {
  if (!(share >= 0 && share <= most_noise))
    throw Error("{}: expected a share of each row's root mean square, 0 to {:g}, found {}", where, most_noise,
                found);
  return share > 0 ? std::make_shared<Noise>(share) : nullptr;
}

DefencePtr read_noise(ObjectReader& r) {
  const double share = r.get("noise", 0.0);
  return noise_of(share, r.path("noise"), fmt::format("{}", share));
}

DefencePtr parse_noise(const std::string& text) {
  double share = -1;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error != std::errc{} || stop != text.data() + text.size()) share = -1;
  return noise_of(share, "noise", "'" + text + "'");
}

}  // namespace

extern const DefenceKind noise_defence;
const DefenceKind noise_defence = {
    .key = "noise",
    .type = "share, 0 to 100",
    .otherwise = "0",
    .help = "Gaussian noise on what is sent, as a share of each row's root mean square; changes the output",
    .read = read_noise,
    .words = "noise",
    .value = "0.1",
    .parse = parse_noise};

}  // namespace splitwan::engine
