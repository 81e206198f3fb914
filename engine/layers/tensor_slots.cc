#include "engine/layers/tensor_slots.hh"

#include <ATen/ATen.h>

namespace splitwan::engine {

TensorSlots::TensorSlots(int layers, int kv_heads, int head_dim, at::Device device)
    : tensor_(at::empty({layers, 2, 0, kv_heads, head_dim}, at::TensorOptions(at::kFloat).device(device))) {}

void TensorSlots::reserve(int slots, int used) {
  const auto now = tensor_.size(2);
  if (slots <= now) return;
  auto sizes = tensor_.sizes().vec();
  sizes[2] = std::max<std::int64_t>({256, 2 * now, slots});
  const at::Tensor larger = at::empty(sizes, tensor_.options());
  larger.narrow(2, 0, used).copy_(tensor_.narrow(2, 0, used));
  tensor_ = larger;
}

void TensorSlots::move(int from, int to) { tensor_.narrow(2, to, 1).copy_(tensor_.narrow(2, from, 1)); }

std::pair<at::Tensor, at::Tensor> TensorSlots::extend(int layer, int first, const at::Tensor& keys,
                                                      const at::Tensor& values) {
  const at::Tensor all = tensor_.select(0, layer).narrow(1, 0, first + keys.size(0));
  at::Tensor all_keys = all.select(0, 0), all_values = all.select(0, 1);
  all_keys.narrow(0, first, keys.size(0)).copy_(keys);
  all_values.narrow(0, first, keys.size(0)).copy_(values);
  return {all_keys, all_values};
}

}  // namespace splitwan::engine
