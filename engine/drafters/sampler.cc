#include "engine/drafters/sampler.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/base/error.hh"
#include "engine/base/philox.hh"

namespace splitwan::engine {
namespace {

constexpr float none = -std::numeric_limits<float>::infinity();

void penalize(std::vector<float>& logits, std::span<const Token> path, double penalty) {
  std::vector<bool> done(logits.size());
  for (const Token token : path) {
    const auto at = static_cast<std::size_t>(token);
    if (at >= logits.size() || done[at]) continue;
    done[at] = true;
    logits[at] = static_cast<float>(logits[at] > 0 ? logits[at] / penalty : logits[at] * penalty);
  }
}

// Token ids, the most likely first; equal ones by id.
std::vector<Token> by_likelihood(const std::vector<float>& logits) {
  std::vector<Token> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Token a, Token b) { return logits[a] > logits[b]; });
  return order;
}

void keep_first(std::vector<float>& logits, const std::vector<Token>& order, std::size_t count) {
  for (std::size_t i = count; i < order.size(); ++i) logits[order[i]] = none;
}

// How many of the most likely hold `share` of the probability together. `order`: candidates only.
std::size_t nucleus(const std::vector<float>& logits, const std::vector<Token>& order, double share) {
  const double best = logits[order[0]];
  double all = 0, sum = 0;
  for (const Token t : order) all += std::exp(logits[t] - best);
  for (std::size_t i = 0; i < order.size(); ++i) {
    sum += std::exp(logits[order[i]] - best);
    if (sum >= share * all) return i + 1;
  }
  return order.size();
}

// Those with this share of the best one's probability.
void keep_from(std::vector<float>& logits, double share) {
  const auto floor = static_cast<float>(*std::max_element(logits.begin(), logits.end()) + std::log(share));
  for (float& logit : logits) logit = logit < floor ? none : logit;
}

void filter(std::vector<float>& logits, const Sampling& s) {
  if (s.top_k > 0 || s.top_p < 1) {
    std::vector<Token> order = by_likelihood(logits);
    if (s.top_k > 0 && static_cast<std::size_t>(s.top_k) < order.size()) {
      keep_first(logits, order, s.top_k);
      order.resize(s.top_k);
    }
    if (s.top_p < 1) keep_first(logits, order, nucleus(logits, order, s.top_p));
  }
  if (s.min_p > 0) keep_from(logits, s.min_p);
}

void add_noise(std::vector<float>& logits, std::uint64_t seed, std::uint64_t position) {
  const auto low = static_cast<std::uint32_t>(position), high = static_cast<std::uint32_t>(position >> 32);
  PhiloxBlock block{};
  for (std::uint32_t token = 0, drawn = ~0u; token < logits.size(); ++token) {
    if (logits[token] == none) continue;
    if (token / 4 != drawn) block = philox(seed, {drawn = token / 4, low, high, 0});
    const double uniform = (block[token % 4] + 0.5) * 0x1p-32;
    logits[token] -= static_cast<float>(std::log(-std::log(uniform)));
  }
}

Token best(std::span<const float> scores) {
  return static_cast<Token>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace

void Sampler::scores(std::span<const float> logits, std::span<const Token> path, std::vector<float>& out,
                     double least_share) const {
  out.assign(logits.begin(), logits.end());
  if (options_.repetition_penalty != 1) penalize(out, path, options_.repetition_penalty);
  if (options_.greedy()) return;
  for (float& logit : out) logit = static_cast<float>(logit / options_.temperature);
  filter(out, options_);
  if (least_share > 0) keep_from(out, least_share);
  double sum = 0;
  const float top = *std::max_element(out.begin(), out.end());
  for (const float logit : out) sum += std::exp(logit - top);
  const auto scale = static_cast<float>(top + std::log(sum));
  for (float& logit : out) logit -= scale;
  add_noise(out, options_.seed, path.size());
}

Token Sampler::choose(std::span<const float> logits, std::span<const Token> path) const {
  if (options_.greedy() && options_.repetition_penalty == 1) return best(logits);
  std::vector<float> scored;
  scores(logits, path, scored);
  return best(scored);
}

}  // namespace splitwan::engine
