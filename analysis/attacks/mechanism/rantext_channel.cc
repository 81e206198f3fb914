#include "analysis/attacks/mechanism/rantext_channel.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

constexpr int radius_draws = 2048, radius_quantiles = 16;
constexpr std::uint64_t radius_seed = 0x72616e74;
constexpr std::size_t tokens_together = 256;

double published_rate(double epsilon) {
  return epsilon < 2 ? epsilon
                     : 0.01658160142016071 * std::log(19.064721649556482 * epsilon - 38.1294334077209) +
                           9.311083811697406;
}

at::Tensor longs(std::span<const Token> tokens) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(tokens.size())}, at::kLong);
  std::ranges::copy(tokens, out.data_ptr<std::int64_t>());
  return out;
}

std::vector<Token> tokens_of(const at::Tensor& seen) {
  const at::Tensor flat = seen.flatten().contiguous();
  const auto* ids = flat.data_ptr<std::int64_t>();
  return {ids, ids + flat.numel()};
}

}  // namespace

Rantext::Rantext(at::Tensor embedding, double epsilon) : embedding_(std::move(embedding)), epsilon_(epsilon) {
  // Just above 2 the published formula's logarithm has no value or one that turns the rate negative.
  if (!(epsilon > 0 && epsilon <= 1e4 && published_rate(epsilon) > 0))
    throw engine::Error("epsilon: expected above 0 to 10000 and not exactly 2, found {}", epsilon);
  scale_ = (std::get<0>(embedding_.max(0)) - std::get<0>(embedding_.min(0))).to(at::kDouble) /
           published_rate(epsilon);
  engine::RandomBits bits(radius_seed);
  std::vector<double> draws;
  for (int i = 0; i < radius_draws; ++i) draws.push_back(radius(bits));
  std::ranges::sort(draws);
  for (int i = 0; i < radius_quantiles; ++i)
    radii_.push_back(draws[static_cast<std::size_t>((2 * i + 1) * radius_draws / (2 * radius_quantiles))]);
  const std::int64_t vocabulary = embedding_.size(0);
  std::vector<Token> all(static_cast<std::size_t>(vocabulary));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Token>(i);
  totals_ = at::empty({radius_quantiles, vocabulary}, at::kDouble);
  for (std::size_t at = 0; at < all.size(); at += tokens_together) {
    const auto some = std::span(all).subspan(at, std::min(tokens_together, all.size() - at));
    const at::Tensor far = distances(some);
    for (int q = 0; q < radius_quantiles; ++q)
      totals_[q]
          .narrow(0, static_cast<std::int64_t>(at), far.size(0))
          .copy_(weights(far, radii_[static_cast<std::size_t>(q)]).sum(1));
  }
}

double Rantext::radius(engine::RandomBits& bits) const {
  double squares = 0;
  const auto* scale = scale_.data_ptr<double>();
  for (std::int64_t j = 0; j < scale_.numel(); ++j) {
    const double size = -std::log1p(-bits.uniform()) * scale[j];  // a Laplace number's size is exponential
    squares += size * size;
  }
  return std::sqrt(squares);
}

at::Tensor Rantext::distances(std::span<const Token> tokens) const {
  return at::cdist(embedding_.index_select(0, longs(tokens)), embedding_, 2, /*compute_mode=*/2)
      .to(at::kDouble);
}

// Of a list's best, the token itself, 1: e^(epsilon / 2) is left out above and below.
at::Tensor Rantext::weights(const at::Tensor& distances, double radius) const {
  return (distances * (-epsilon_ / 2 / radius)).exp_().mul_(distances < radius);
}

at::Tensor Rantext::transition(std::span<const Token> tokens, double radius) const {
  const at::Tensor w = weights(distances(tokens), radius);
  return w / w.sum(1, /*keepdim=*/true);
}

at::Tensor Rantext::log_probability(std::span<const Token> seen) const {
  const at::Tensor far = distances(seen);  // distance is symmetric: of all tokens to each that was seen
  at::Tensor sum = at::zeros_like(far);
  for (int q = 0; q < radius_quantiles; ++q)
    sum += weights(far, radii_[static_cast<std::size_t>(q)]) / totals_[q];
  return (sum / radius_quantiles).clamp_min_(1e-300).log_();
}

at::Tensor Rantext::draw(const Rows& rows, std::uint64_t seed) const {
  engine::RandomBits bits(seed);
  at::Tensor out = at::empty({static_cast<std::int64_t>(rows.tokens.size()), 1}, at::kLong);
  for (std::size_t i = 0; i < rows.tokens.size(); ++i) {
    const at::Tensor chances = transition(rows.tokens.subspan(i, 1), radius(bits))[0].cumsum(0);
    const auto* first = chances.data_ptr<double>();
    const auto* at = std::upper_bound(first, first + chances.numel(), bits.uniform());
    out.data_ptr<std::int64_t>()[i] = std::min<std::int64_t>(at - first, chances.numel() - 1);
  }
  return out;
}

at::Tensor Rantext::log_likelihood(const at::Tensor& seen, const Candidates& c) const {
  return log_probability(tokens_of(seen)).index_select(1, longs(c.tokens));
}

at::Tensor Rantext::features(const at::Tensor& seen) const {
  return embedding_.index_select(0, seen.flatten());
}

std::unique_ptr<Channel> make_rantext_channel(const Mechanism& m, const Maps&, const Knowledge& knowledge) {
  return std::make_unique<Rantext>(knowledge.embedding(), m.epsilon);
}

}  // namespace splitwan::attacks
