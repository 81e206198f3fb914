// The trainer's fused operations against the same thing composed of ATen's own, values and gradients.
#include "scenarios/train/ops.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace splitwan::tests {
namespace {

using at::Tensor;
using scenarios::HeadShape;
using scenarios::Rotary;

Tensor leaf(at::IntArrayRef shape) { return at::randn(shape).set_requires_grad(true); }

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

// Both are weighted by the same random tensor, so that every output's gradient counts.
void expect_same(const Function& fused, const Function& composed, const std::vector<Tensor>& leaves) {
  const Tensor expected = composed(leaves), weight = at::randn(expected.sizes());
  (expected * weight).sum().backward();
  std::vector<Tensor> gradients;
  for (const Tensor& t : leaves) {
    gradients.push_back(t.grad().clone());
    t.mutable_grad() = Tensor();
  }
  const Tensor actual = fused(leaves);
  EXPECT_TRUE(at::allclose(actual, expected, 1e-4, 1e-5)) << (actual - expected).abs().max();
  (actual * weight).sum().backward();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_TRUE(at::allclose(leaves[i].grad(), gradients[i], 1e-3, 1e-4))
        << "gradient " << i << ": " << (leaves[i].grad() - gradients[i]).abs().max();
  }
}

TEST(TrainOps, rms_norm_is_the_formula) {
  expect_same([](const auto& x) { return scenarios::rms_norm(x[0], x[1], 1e-5); },
              [](const auto& x) { return x[0] * (x[0].square().mean(-1, true) + 1e-5).rsqrt() * x[1]; },
              {leaf({13, 40}), leaf({40})});
}

TEST(TrainOps, swiglu_is_silu_of_the_gate_times_up) {
  const Tensor wide = (at::randn({9, 38}) * 30).set_requires_grad(true);  // far into both tails
  for (const Tensor& x : {leaf({9, 38}), wide}) {
    expect_same([](const auto& t) { return scenarios::swiglu(t[0]); },
                [](const auto& t) { return at::silu(t[0].narrow(1, 0, 19)) * t[0].narrow(1, 19, 19); }, {x});
  }
}

TEST(TrainOps, cross_entropy_is_a_tens) {
  const Tensor targets = at::randint(0, 30, {17}, at::kLong);
  expect_same([&](const auto& x) { return scenarios::cross_entropy_sum(x[0] * 1, targets); },
              [&](const auto& x) { return at::cross_entropy_loss(x[0], targets, {}, at::Reduction::Sum); },
              {leaf({17, 30})});
}

TEST(TrainOps, imitation_is_the_teachers_divergence_mixed_with_cross_entropy) {
  const Tensor targets = at::randint(0, 30, {17}, at::kLong), teacher = at::randn({17, 30}) * 3;
  for (const double weight : {1.0, 0.3}) {
    for (const double temperature : {1.0, 0.8}) {
      const Tensor p = (teacher / temperature).softmax(1), log_p = (teacher / temperature).log_softmax(1);
      expect_same(
          [&](const auto& x) {
            const auto sharpness = static_cast<float>(1 / temperature);
            return scenarios::imitation_sum(x[0] * 1, teacher.clone(), targets,
                                            {static_cast<float>(weight), sharpness});
          },
          [&](const auto& x) {
            const Tensor divergence = (p * (log_p - x[0].log_softmax(1))).sum();
            return weight * divergence +
                   (1 - weight) * at::cross_entropy_loss(x[0], targets, {}, at::Reduction::Sum);
          },
          {leaf({17, 30})});
    }
  }
}

// Hugging Face's rotate_half.
Tensor rotate(const Tensor& x, const Rotary& rotary) {  // x [windows, context, heads, head_dim]
  const std::int64_t half = x.size(-1) / 2;
  const Tensor cos = at::cat({rotary.cos, rotary.cos}, -1).unsqueeze(1);
  const Tensor sin = at::cat({rotary.sin, rotary.sin}, -1).unsqueeze(1);
  return x * cos + at::cat({-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1) * sin;
}

TEST(TrainOps, attention_is_rotated_grouped_and_causal) {
  const HeadShape s{3, 11, 6, 2, 8};
  const Rotary rotary = scenarios::make_rotary(s.context, s.head_dim, 10000);
  const auto composed = [&](const auto& x) {
    const Tensor rows = x[0].view({s.windows, s.context, s.heads + 2 * s.kv_heads, s.head_dim});
    const Tensor q = rotate(rows.narrow(2, 0, s.heads), rotary).transpose(1, 2);
    const Tensor k =
        rotate(rows.narrow(2, s.heads, s.kv_heads), rotary).repeat_interleave(s.group(), 2).transpose(1, 2);
    const Tensor v =
        rows.narrow(2, s.heads + s.kv_heads, s.kv_heads).repeat_interleave(s.group(), 2).transpose(1, 2);
    const Tensor future = at::ones({s.context, s.context}, at::kBool).triu(1);
    const Tensor scores = at::matmul(q, k.transpose(2, 3)) / std::sqrt(8.0);
    return at::matmul(scores.masked_fill(future, -INFINITY).softmax(-1), v).transpose(1, 2).reshape({-1, 48});
  };
  expect_same([&](const auto& x) { return scenarios::attention(x[0], rotary, s); }, composed,
              {leaf({s.windows * s.context, (s.heads + 2 * s.kv_heads) * s.head_dim})});
}

}  // namespace
}  // namespace splitwan::tests
