// AdamW without decay on one flat array, the gradient's norm at most 1: what few values need.
#pragma once

#include <ATen/ATen.h>

#include "scenarios/train/recipe.hh"

namespace splitwan::scenarios {

class Moments {
 public:
  explicit Moments(const at::Tensor& values) : first_(at::zeros_like(values)), second_(first_.clone()) {}
  // gradient: of the loss's sum over `tokens`. number: steps done before.
  void step(const Schedule&, std::int64_t number, const at::Tensor& gradient, double tokens,
            const at::Tensor& values);

 private:
  at::Tensor first_, second_;
};

}  // namespace splitwan::scenarios
