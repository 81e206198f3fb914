#include "engine/layers/aten/aten_layer.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/base/error.hh"
#include "engine/layers/layer_tensors.hh"
#include "engine/layers/linear.hh"

namespace splitwan::engine {
namespace {

at::ScalarType scalar_type(DType type) {
  return type == DType::f32 ? at::kFloat : type == DType::bf16 ? at::kBFloat16 : at::kHalf;
}

at::ScalarType scalar_type(Storage storage, at::Device device) {
  switch (storage) {
    case Storage::f32:
      return at::kFloat;
    case Storage::bf16:
      return at::kBFloat16;
    case Storage::f16:
      return at::kHalf;
    default:
      throw Error("storage {}: only our own CPU kernels read it; on {} expected auto, f32, bf16 or f16",
                  name_of(storage), device.str());
  }
}

}  // namespace

at::Tensor device_weight(std::span<const TensorView* const> matrices, Storage storage, at::Device device) {
  const auto type = scalar_type(storage_of(storage, matrices.front()->dtype), device);
  std::int64_t outputs = 0;
  for (const TensorView* m : matrices) outputs += m->shape[0];
  at::Tensor weight =
      at::empty({outputs, matrices.front()->shape[1]}, at::TensorOptions(type).device(device));
  std::int64_t first = 0;
  for (const TensorView* m : matrices) {
    const at::Tensor host = at::empty(m->shape, scalar_type(m->dtype));
    std::memcpy(host.data_ptr(), m->data.data(), m->data.size());
    weight.narrow(0, first, m->shape[0]).copy_(host);
    first += m->shape[0];
  }
  return weight;
}

AtenLayer aten_layer(Checkpoint& checkpoint, int layer, Storage storage, at::Device device) {
  const LayerTensors t = layer_tensors(checkpoint, layer);
  AtenLayer loaded{to_f32(*t.attention_norm).to(device),
                   to_f32(*t.ffn_norm).to(device),
                   device_weight(t.qkv, storage, device),
                   device_weight(t.out, storage, device),
                   device_weight(t.gate_up, storage, device),
                   device_weight(t.down, storage, device),
                   {}};
  if (const at::Tensor bias = joined_f32(t.qkv_bias); bias.defined()) loaded.qkv_bias = bias.to(device);
  checkpoint.release();  // or the weights would be in memory twice
  return loaded;
}

}  // namespace splitwan::engine
