#include "analysis/attacks/mechanism/posterior.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "analysis/attacks/attackers/learner.hh"
#include "analysis/attacks/mechanism/row_attackers.hh"
#include "engine/base/error.hh"
#include "engine/privacy/random_bits.hh"

namespace splitwan::attacks {
namespace {

constexpr std::uint64_t particle_seed = 0x7061727469636c65;

struct Kept {
  std::vector<std::int64_t> places;
  std::vector<double> weights;
};

// Of weights that add up to 1, `count` at most: see the header.
Kept thin_out(const at::Tensor& weights, int count, engine::RandomBits& bits) {
  const std::int64_t n = std::min<std::int64_t>(count, weights.size(0));
  const auto [values, places] = weights.topk(n);
  const auto* heavy = values.data_ptr<double>();
  Kept kept;
  double rest = 1;
  std::int64_t k = 0;  // a weight stays where it is above an even share of what is left
  for (; k < n && heavy[k] > 0 && heavy[k] * static_cast<double>(n - k) >= rest; ++k) {
    kept.places.push_back(places.data_ptr<std::int64_t>()[k]);
    kept.weights.push_back(heavy[k]);
    rest -= heavy[k];
  }
  if (k == n || rest < 1e-9) return kept;
  at::Tensor light = weights.clone();
  if (k > 0) light.index_fill_(0, places.narrow(0, 0, k), 0);
  const at::Tensor sums = light.cumsum(0);
  const auto* sum = sums.data_ptr<double>();
  const double share = sum[sums.numel() - 1] / static_cast<double>(n - k), begin = bits.uniform();
  const double* at = sum;
  for (std::int64_t j = 0; j < n - k; ++j) {
    at = std::upper_bound(at, sum + sums.numel(), (begin + static_cast<double>(j)) * share);
    if (at == sum + sums.numel()) break;
    kept.places.push_back(at - sum);
    kept.weights.push_back(share);
  }
  return kept;
}

class PosteriorLm : public RowAttack {
 public:
  PosteriorLm(const Scene& scene, PosteriorOptions o) : scene_(scene), o_(o) {}
  Guesses recover(const Sent& sent, const Stop& stop) const override {
    return best_five(posterior(scene_, sent, o_, stop));
  }

 private:
  const Scene& scene_;
  PosteriorOptions o_;
};

}  // namespace

at::Tensor posterior(const Scene& scene, const Sent& sent, const PosteriorOptions& o, const Stop& stop) {
  if (o.particles < 1 || !(o.unigram >= 0 && o.unigram < 1) || o.lag < 0)
    throw engine::Error("posterior: expected 1 or more particles, a share below 1 and a lag of 0 or more");
  Predictions model(scene.knowledge().pieces(), sent.first);
  engine::RandomBits bits(particle_seed);
  std::vector<Tokens> all{{sent.first}};
  at::Tensor weights = at::ones({1, 1}, at::kDouble);
  const std::int64_t vocabulary = scene.knowledge().vocabulary();
  at::Tensor out = at::zeros({sent.rows() - 1, vocabulary}, at::kDouble);
  const at::Tensor unigram = scene.knowledge().log_unigram().exp() * o.unigram;
  for (std::int64_t row = 1; row < sent.rows(); ++row) {
    if (stop()) throw Stopped{};
    const at::Tensor prior = (model.next().exp().mul_(1 - o.unigram).add_(unigram)).log_();
    at::Tensor joint = prior + likelihoods(scene, sent, row, all, prior, o.shortlist);
    joint = (joint - joint.max()).exp_().mul_(weights);
    joint /= joint.sum();
    // Of this row's token as of now: a sum over all continuations, drawn or not.
    out[row - 1].copy_(joint.sum(0));
    // Of an earlier token: the sum over the particles' continuations.
    const at::Tensor of_each = joint.sum(1);
    for (std::int64_t back = 1; back <= o.lag && row - back >= 1; ++back) {
      at::Tensor earlier = out[row - back - 1];
      earlier.mul_(1e-9);  // between tokens that no particle has, what was known before decides
      for (std::size_t i = 0; i < all.size(); ++i)
        earlier[all[i][static_cast<std::size_t>(row - back)]] += of_each[static_cast<std::int64_t>(i)];
    }
    const Kept kept = thin_out(joint.flatten(), o.particles, bits);
    std::vector<Tokens> next;
    Tokens tokens;
    std::vector<std::int32_t> parent;
    for (const std::int64_t place : kept.places) {
      parent.push_back(static_cast<std::int32_t>(place / vocabulary));
      tokens.push_back(static_cast<Token>(place % vocabulary));
      next.push_back(all[static_cast<std::size_t>(parent.back())]);
      next.back().push_back(tokens.back());
    }
    all = std::move(next);
    weights = at::tensor(kept.weights, at::kDouble).unsqueeze(1);
    weights /= weights.sum();
    if (row + 1 < sent.rows()) model.extend(tokens, parent);
  }
  return out;
}

std::unique_ptr<RowAttack> make_posterior_lm(const Scene& scene, const AttackChoice& choice, const Stop&) {
  PosteriorOptions o;
  o.particles = choice.particles;
  o.shortlist = choice.shortlist;
  return std::make_unique<PosteriorLm>(scene, o);
}

}  // namespace splitwan::attacks
