#include "scenarios/train/del/moments.hh"

#include <cmath>

#include "scenarios/train/ops.hh"

namespace splitwan::scenarios {

void Moments::step(const Schedule& schedule, std::int64_t number, const at::Tensor& gradient, double tokens,
                   const at::Tensor& values) {
  constexpr double clip = 1.0;  // largest norm of the gradient
  const double norm = gradient.norm().item<float>() / tokens;
  kernels::AdamW o{.rate = static_cast<float>(schedule.rate_at(number)), .beta2 = 0.999f};
  o.correction1 = static_cast<float>(1 - std::pow(o.beta1, static_cast<double>(number + 1)));
  o.correction2 = static_cast<float>(1 - std::pow(o.beta2, static_cast<double>(number + 1)));
  o.gradient_scale = static_cast<float>(std::min(1.0, clip / (norm + 1e-9)) / tokens);
  kernels::adamw(o, values.numel(), data(gradient), data(values), data(first_), data(second_));
}

}  // namespace splitwan::scenarios
