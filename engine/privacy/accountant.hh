// What rounds of the binomial mechanism give away, exactly: no limit theorem, no bound but where it says so.
//
// Every round is a coin of chance in [1 - p, p]; any two such coins are made of (p, 1 - p) by one random map
// that looks at the outcome alone. So the worst pair of inputs is +c in every round against -c in every
// round, its count S ~ Bin(N, p) against Bin(N, 1 - p) says everything, and more rounds (tokens, requests,
// repeats) are just a larger N. Proof and worked numbers: engine/privacy/README.md.
#pragma once

#include <cstdint>
#include <vector>

namespace splitwan::engine {

constexpr std::uint64_t most_rounds = 10'000'000'000;

// N rounds of corner p.
class Accountant {
 public:
  // Throws Error above most_rounds: time and memory grow with their root.
  Accountant(std::uint64_t rounds, double corner);

  // The least delta with (epsilon, delta)-differential privacy, and the least epsilon; both for the worst
  // pair, either way.
  double delta(double epsilon) const;
  double epsilon(double delta) const;
  double pure() const;                       // epsilon where delta is 0: N ln(p / (1 - p))
  double renyi(double order) const;          // order above 0; 1: the divergence of Kullback and Leibler
  double renyi_epsilon(double delta) const;  // what the best order proves: above epsilon()
  double total_variation() const { return delta(0); }

  // Of a test between the two worst inputs by "S >= t": what it gets wrong, t = 0 .. N + 1.
  struct Errors {
    double first = 0, second = 0;  // kinds: alpha, beta
  };
  Errors at(std::uint64_t threshold) const;
  double beta(double alpha) const;  // the trade-off curve: the least second kind at so much of the first

 private:
  double upper(std::int64_t from, double epsilon) const;  // sum over S >= from of P - e^epsilon Q
  double loss(std::int64_t count) const;                  // ln(P / Q)

  std::uint64_t rounds_;
  double p_, log_odds_;
  std::int64_t first_ = 0;           // the counts that matter begin here,
  std::vector<long double> weight_;  // with these probabilities under p
};

// Of ideal mu-Gaussian privacy, and of a Gaussian mechanism whose inputs are at most mu standard deviations
// apart (exact: Balle and Wang 2018, arXiv 1805.06530).
double gaussian_delta(double mu, double epsilon);
double gaussian_epsilon(double mu, double delta);
double gaussian_mu(double epsilon, double delta);  // the other way: how far apart inputs may be

// The paper's theorem: the trade-off curve is within this of mu-Gaussian privacy's, r = c / A. Turned into
// delta it costs (1 + e^epsilon) times as much: NAN where no epsilon holds then.
double published_gamma(std::uint64_t rounds, double r);
double published_epsilon(double mu, double gamma, double delta);

}  // namespace splitwan::engine
