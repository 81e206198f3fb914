#include "engine/layers/aten_layers.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/base/error.hh"
#include "engine/layers/aten_ops.hh"
#include "engine/layers/device.hh"
#include "engine/layers/layers.hh"

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

// What each row of the step sees: [rows, slots].
at::Tensor seen(const KvCache& cache, at::Device device) {
  const std::int64_t slots = cache.slots();
  const at::Tensor mask = host_buffer({cache.rows(), slots}, at::kBool, device).zero_();
  std::vector<kernels::SlotRun> runs;
  for (int row = 0; row < cache.rows(); ++row) {
    cache.runs(row, runs);
    bool* at = mask.data_ptr<bool>() + row * slots;
    for (const auto& run : runs) std::fill(at + run.begin, at + run.end, true);
  }
  return upload(mask, device);
}

}  // namespace

at::Tensor device_weight(std::span<const TensorView* const> matrices, Storage storage, at::Device device) {
  const auto type = scalar_type(storage_of(storage, matrices.front()->dtype), device);
  std::int64_t outputs = 0;
  for (const TensorView* m : matrices) outputs += m->shape[0];
  const at::Tensor weight =
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

AtenLayers::AtenLayers(Checkpoint& checkpoint, LayerRange range, Storage storage, at::Device device)
    : config_(checkpoint.config()), device_(device), frequencies_(rope_frequencies(config_)) {
  for (int i = range.begin; i < range.end; ++i) {
    const LayerTensors t = layer_tensors(checkpoint, i);
    layers_.push_back({to_f32(*t.attention_norm).to(device), to_f32(*t.ffn_norm).to(device),
                       device_weight(t.qkv, storage, device), device_weight(t.out, storage, device),
                       device_weight(t.gate_up, storage, device), device_weight(t.down, storage, device)});
    checkpoint.release();
  }
}

at::Tensor AtenLayers::product(const at::Tensor& x, const at::Tensor& weight) const {
  return device_.is_cpu() ? aten::linear(x, weight) : aten::linear_as_stored(x, weight);
}

at::Tensor AtenLayers::operator()(at::Tensor x, KvCache& cache) const {
  if (layers_.empty()) return x;
  const std::int64_t rows = cache.rows(), q = config_.q_width(), kv = config_.kv_width();
  const at::Tensor turns = host_buffer({2, rows, 1, config_.head_dim / 2}, at::kFloat, device_);
  rope_angles(frequencies_, cache, turns[0].data_ptr<float>(), turns[1].data_ptr<float>());
  const at::Tensor turn = upload(turns, device_), mask = seen(cache, device_);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const at::Tensor all = product(aten::rms_norm(x, layer.attention_norm, config_.rms_eps), layer.qkv);
    const at::Tensor turned = aten::rotate(
        all.narrow(1, 0, q + kv).view({rows, config_.heads + config_.kv_heads, config_.head_dim}), turn[0],
        turn[1]);
    const auto [keys, values] =
        cache.extend(static_cast<int>(i), turned.narrow(1, config_.heads, config_.kv_heads),
                     all.narrow(1, q + kv, kv).view({rows, config_.kv_heads, config_.head_dim}));
    x.add_(product(aten::attention(turned.narrow(1, 0, config_.heads), keys, values, mask), layer.out));
    const auto gate_up =
        product(aten::rms_norm(x, layer.ffn_norm, config_.rms_eps), layer.gate_up).chunk(2, -1);
    x.add_(product(aten::silu_mul(gate_up[0], gate_up[1]), layer.down));
  }
  return x;
}

std::size_t AtenLayers::bytes() const {
  std::size_t sum = 0;
  for (const Layer& l : layers_)
    sum += l.qkv.nbytes() + l.out.nbytes() + l.gate_up.nbytes() + l.down.nbytes();
  return sum;
}

}  // namespace splitwan::engine
