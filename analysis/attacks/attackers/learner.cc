#include "analysis/attacks/attackers/learner.hh"

#include <c10/core/GradMode.h>

#include <cmath>
#include <numbers>

#include "analysis/attacks/exam/crossing.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {

using at::Tensor;

Learner::Learner(Network network, Training training, std::uint64_t seed)
    : network_(std::move(network)), training_(training), generator_(generator_of(seed, learning_stream)) {
  for (const Tensor& leaf : network_.leaves) {
    first_.push_back(at::zeros_like(leaf).set_requires_grad(false));
    second_.push_back(at::zeros_like(leaf).set_requires_grad(false));
  }
}

void Learner::learn(const Tensor& rows, const Tensor& labels, const Stop& stop, const Tensor& evidence) {
  if (!mean_.defined()) {
    mean_ = rows.mean(0);
    deviation_ = rows.std(0).clamp_min(1e-6);
  }
  const auto in_items = [&](const Tensor& t) {
    return training_.windows ? t.unflatten(0, {-1, training_.positions}) : t;
  };
  const Tensor x = in_items((rows - mean_) / deviation_), y = in_items(labels);
  const std::int64_t items = x.size(0),
                     batch = training_.windows ? training_.batch / training_.positions : training_.batch;
  for (int epoch = 0; epoch < training_.epochs; ++epoch) {
    const Tensor order = at::randperm(items, generator_, at::kLong);
    for (std::int64_t at = 0; at < items; at += batch) {
      if (stop()) throw Stopped{};
      const Tensor which = order.narrow(0, at, std::min(batch, items - at));
      const Tensor known = evidence.defined() ? in_items(evidence).index_select(0, which) : evidence;
      step(x.index_select(0, which), y.index_select(0, which).flatten(), known);
    }
  }
}

void Learner::step(const Tensor& x, const Tensor& y, const Tensor& evidence) {
  constexpr double beta1 = 0.9, beta2 = 0.98, eps = 1e-8, decay = 0.01;
  Tensor logits = network_.logits(x);
  if (evidence.defined()) logits = logits + evidence;
  const Tensor loss = at::cross_entropy_loss(logits.view({-1, logits.size(-1)}), y);
  loss.backward();
  const at::NoGradGuard still;
  seen_ += y.size(0);
  ++steps_;
  const double total = static_cast<double>(training_.pairs) * training_.epochs;
  const double progress = std::min(1.0, static_cast<double>(seen_) / total);
  const double warm = std::min(1.0, static_cast<double>(steps_) / 20);
  const double rate = training_.rate * warm * 0.5 * (1 + std::cos(progress * std::numbers::pi));
  const double correction1 = 1 - std::pow(beta1, static_cast<double>(steps_)),
               correction2 = 1 - std::pow(beta2, static_cast<double>(steps_));
  for (std::size_t i = 0; i < network_.leaves.size(); ++i) {  // AdamW (Loshchilov and Hutter 2019)
    Tensor leaf = network_.leaves[i];
    const Tensor& gradient = leaf.grad();
    first_[i].mul_(beta1).add_(gradient, 1 - beta1);
    second_[i].mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
    if (leaf.dim() > 1) leaf.mul_(1 - rate * decay);
    leaf.addcdiv_(first_[i], (second_[i] / correction2).sqrt_().add_(eps), -rate / correction1);
    gradient.zero_();
  }
}

Guesses Learner::guess(const Tensor& rows, const Tensor& evidence) const {
  const at::NoGradGuard still;
  if (rows.size(0) == 0) return {};
  if (!mean_.defined()) throw engine::Error("a learned attacker was asked before it was trained");
  const Tensor x = (rows - mean_) / deviation_;
  const auto with_evidence = [&](const Tensor& logits) {
    return best_five(evidence.defined() ? logits + evidence : logits);
  };
  if (!training_.windows) return with_evidence(network_.logits(x));
  // Windows side by side; the last one reaches back, so that every row has as many neighbours as there are.
  const std::int64_t n = x.size(0), size = std::min<std::int64_t>(n, training_.positions);
  std::vector<Tensor> parts;
  for (std::int64_t at = 0; at < n; at += size) {
    const std::int64_t begin = std::min(at, n - size);
    const Tensor logits = network_.logits(x.narrow(0, begin, size).unsqueeze(0)).squeeze(0);
    parts.push_back(logits.narrow(0, at - begin, begin + size - at));
  }
  return with_evidence(at::cat(parts));
}

Guesses best_five(const Tensor& logits) {
  const std::int64_t k = std::min<std::int64_t>(5, logits.size(1));
  const Tensor best = std::get<1>(logits.topk(k, 1)).contiguous();
  const auto* ids = best.data_ptr<std::int64_t>();
  Guesses out;
  for (std::int64_t row = 0; row < logits.size(0); ++row) {
    out.emplace_back();
    for (std::int64_t i = 0; i < k; ++i) out.back().push_back(static_cast<Token>(ids[row * k + i]));
  }
  return out;
}

}  // namespace splitwan::attacks
