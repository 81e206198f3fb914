#include "engine/linear.hh"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>

#include "engine/kernels.hh"

namespace splitwan::engine {
namespace {

constexpr at::ScalarType scalar_type(DType type) {
  return type == DType::f32 ? at::kFloat : type == DType::f16 ? at::kHalf : at::kBFloat16;
}

}  // namespace

at::Tensor to_f32(const TensorView& view) {
  // from_blob wants a mutable pointer; the mapping is read-only and only read.
  auto* data = const_cast<std::byte*>(view.data.data());
  if (reinterpret_cast<std::uintptr_t>(data) % size_of(view.dtype) == 0) {
    return at::from_blob(data, view.shape, scalar_type(view.dtype)).to(at::kFloat, false, /*copy=*/true);
  }
  at::Tensor aligned = at::empty(view.shape, scalar_type(view.dtype));  // files need not align their tensors
  std::memcpy(aligned.data_ptr(), data, view.data.size());
  return aligned.to(at::kFloat);
}

void parallel(std::int64_t n, std::int64_t cost,
              const std::function<void(std::int64_t, std::int64_t)>& range) {
  constexpr std::int64_t worth = 1 << 19;  // multiply-adds per thread that repay waking it
  if (n * cost < 2 * worth) return range(0, n);
  at::parallel_for(0, n, std::max<std::int64_t>(1, worth / cost), range);
}

PackedLinear::PackedLinear(std::span<const TensorView* const> matrices, std::int64_t inputs)
    : inputs_(inputs) {
  for (const TensorView* m : matrices) outputs_ += m->shape[0];
  const std::int64_t panels = (outputs_ + kernels::panel - 1) / kernels::panel;
  std::vector<at::Tensor> parts;
  for (const TensorView* m : matrices) parts.push_back(to_f32(*m));
  const at::Tensor whole = parts.size() == 1 ? parts[0] : at::cat(parts);
  packed_ = at::empty({panels, inputs, kernels::panel}, at::kFloat);
  for (std::int64_t p = 0; p < panels; ++p) {
    kernels::pack_panel(whole.data_ptr<float>(), outputs_, inputs, p * kernels::panel,
                        packed_.data_ptr<float>() + p * inputs * kernels::panel);
  }
}

at::Tensor PackedLinear::operator()(const at::Tensor& x) const {
  const std::int64_t rows = x.size(0);
  at::Tensor y = at::empty({rows, outputs_}, at::kFloat);
  const float* in = x.data_ptr<float>();
  float* out = y.data_ptr<float>();
  const float* weights = packed_.data_ptr<float>();
  parallel(packed_.size(0), inputs_ * kernels::panel * rows, [&](std::int64_t first, std::int64_t last) {
    kernels::linear(weights, inputs_, outputs_, first, last, in, rows, out);
  });
  return y;
}

}  // namespace splitwan::engine
