// The stochastic quantiser of DEL (arXiv 2602.11513) in numbers: a latent coordinate x, clamped to [-c, c],
// leaves as K ~ Bin(u, 1/2 + x / 2A) with u = 2^n - 1 rounds, and is read as A (2K / u - 1). No torch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/wire/bit_rows.hh"

namespace splitwan::engine {

class ObjectReader;

struct BinomialSpec {
  double mu = 1;       // asked for, of one row: its noise is about that of mu-Gaussian privacy
  int bits = 4;        // of a coordinate on the wire, 1 to 16
  int width = 128;     // coordinates of a row
  double clip = 0.05;  // c
  bool operator==(const BinomialSpec&) const = default;

  std::uint32_t rounds() const { return (1u << bits) - 1; }                     // u, of a coordinate
  std::uint64_t row_rounds() const { return std::uint64_t{rounds()} * width; }  // u d
  double scale() const;           // A = c sqrt(1 + 4 u d / mu^2)
  double corner() const;          // p = 1/2 + c / 2A: of a round, where a latent touches its bound
  double chance(double x) const;  // of a round; x is clamped first, which all accounts rest on
  std::vector<double> counts(double x) const;  // P(K = 0 .. u)
  double value(std::uint32_t count) const;     // A (2K / u - 1)
  double variance(double x) const;             // (A^2 - x^2) / u
  std::uint64_t row_bytes() const { return packed_bytes(static_cast<std::size_t>(width), bits); }
};

// Throws Error naming the key: "mu: expected above 0 to 10000, found 0".
void check(const BinomialSpec&, const std::string& where);
Json to_json(const BinomialSpec&);  // {mu, bits, width, clip}
BinomialSpec binomial_spec_of(ObjectReader);

// mu of a scale: 2 c sqrt(u d) / sqrt(A^2 - c^2).
double mu_of_scale(double scale, double clip, std::uint64_t row_rounds);

}  // namespace splitwan::engine
