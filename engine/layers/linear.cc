#include "engine/layers/linear.hh"

#include <ATen/ATen.h>

#include <thread>

#include "engine/kernels/kernels.hh"

namespace splitwan::engine {

at::Tensor to_f32(const TensorView& view) {
  at::Tensor wide = at::empty(view.shape, at::kFloat);
  kernels::best().widen(view.data.data(), view.dtype, view.elements(), wide.data_ptr<float>());
  return wide;
}

at::Tensor joined_f32(std::span<const TensorView> views) {
  std::vector<at::Tensor> parts;
  parts.reserve(views.size());
  for (const TensorView& view : views) parts.push_back(to_f32(view));
  return parts.empty() ? at::Tensor() : at::cat(parts);
}

PackedLinear::PackedLinear(std::span<const TensorView> matrices, std::int64_t inputs, Storage storage)
    : inputs_(inputs), storage_(storage_of(storage, matrices.front().dtype)) {
  std::vector<std::int64_t> start;  // first output of each matrix
  for (const TensorView& m : matrices) {
    start.push_back(outputs_);
    outputs_ += m.shape[0];
  }
  const std::int64_t panels = (outputs_ + kernels::panel - 1) / kernels::panel;
  const std::size_t each = kernels::panel_bytes(storage_, inputs);
  packed_ = Arena(static_cast<std::size_t>(panels) * each);
  const auto pack = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t p = first; p < last; ++p) {
      kernels::PanelSource source;
      for (std::int64_t j = 0; j < kernels::panel && p * kernels::panel + j < outputs_; ++j) {
        std::size_t i = matrices.size() - 1;
        while (start[i] > p * kernels::panel + j) --i;
        const TensorView& m = matrices[i];
        source.types[j] = m.dtype;
        source.rows[j] = m.data.data() + (p * kernels::panel + j - start[i]) * inputs *
                                             static_cast<std::int64_t>(size_of(m.dtype));
      }
      kernels::best().pack_panel(storage_, source, inputs, packed_.data() + p * each);
    }
  };
  using Pack = decltype(pack);
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());  // loading is nobody's party
  parallel_chunks(elements() < (1 << 20) ? 1 : cores, panels, 16, &pack,
                  [](const void* job, std::int64_t first, std::int64_t last) {
                    (*static_cast<const Pack*>(job))(first, last);
                  });
}

void PackedLinear::operator()(const float* x, std::int64_t rows, float* y) const {
  thread_local Scratch scratch;
  const kernels::Set& set = kernels::best();
  auto* activations = scratch.of<std::byte>(kernels::activation_bytes(rows, inputs_));
  const std::int64_t groups = (rows + set.tile_rows - 1) / set.tile_rows;
  parallel(groups, 2 * set.tile_rows * inputs_, [&](std::int64_t first, std::int64_t last) {
    set.pack_activations(storage_, x, inputs_, rows, first, last, activations);
  });
  const std::int64_t panels = (outputs_ + kernels::panel - 1) / kernels::panel;
  parallel(
      panels, inputs_ * kernels::panel * rows,
      [&](std::int64_t first, std::int64_t last) {
        set.linear(storage_, packed_.data(), inputs_, outputs_, first, last, activations, rows, y);
      },
      kernels::panels_together);
}

at::Tensor PackedLinear::operator()(const at::Tensor& x) const {
  at::Tensor y = at::empty({x.size(0), outputs_}, at::kFloat);
  (*this)(x.data_ptr<float>(), x.size(0), y.data_ptr<float>());
  return y;
}

}  // namespace splitwan::engine
