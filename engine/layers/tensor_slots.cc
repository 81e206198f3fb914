#include "engine/layers/tensor_slots.hh"

#include <ATen/ATen.h>

namespace splitwan::engine {

TensorSlots::TensorSlots(int layers, int kv_heads, int head_dim, at::Device device)
    : tensor_(at::empty({layers, 2, 0, kv_heads, head_dim}, at::TensorOptions(at::kFloat).device(device))) {}

void TensorSlots::fit(int slots, int used) {
  constexpr std::int64_t least = 256;
  const auto now = tensor_.size(2);
  if (slots <= now && now <= std::max<std::int64_t>(least, std::int64_t{4} * slots)) return;
  auto sizes = tensor_.sizes().vec();
  sizes[2] = std::max<std::int64_t>({least, slots > now ? 2 * now : 2 * slots, slots});
  // Zeros: a slot that no row sees yet has weight 0, and 0 times whatever lay there is not always 0.
  const at::Tensor other = at::zeros(sizes, tensor_.options());
  other.narrow(2, 0, used).copy_(tensor_.narrow(2, 0, used));
  tensor_ = other;
}

void TensorSlots::move(int from, int to) { tensor_.narrow(2, to, 1).copy_(tensor_.narrow(2, from, 1)); }

std::pair<at::Tensor, at::Tensor> TensorSlots::put(int layer, int first, const at::Tensor& places, int all,
                                                   const at::Tensor& keys, const at::Tensor& values) {
  const at::Tensor slots = tensor_.select(0, layer).narrow(1, 0, all);
  at::Tensor all_keys = slots.select(0, 0), all_values = slots.select(0, 1);
  if (places.defined()) {
    all_keys.index_copy_(0, places, keys);
    all_values.index_copy_(0, places, values);
  } else {
    all_keys.narrow(0, first, keys.size(0)).copy_(keys);
    all_values.narrow(0, first, keys.size(0)).copy_(values);
  }
  return {all_keys, all_values};
}

}  // namespace splitwan::engine
