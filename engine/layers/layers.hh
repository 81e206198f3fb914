// Decoder layers of a Llama/Mistral model: RMSNorm, rotary grouped-query attention, SwiGLU.
#pragma once

#include <array>
#include <memory>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/layers/device.hh"
#include "engine/layers/kv_cache.hh"
#include "engine/layers/linear.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

class AtenLayers;

class LayerStack {
 public:
  // Loads only these layers' tensors.
  LayerStack(Checkpoint&, LayerRange, Storage = Storage::automatic, Placement = {});

  LayerRange range() const { return range_; }
  at::Device device() const { return place_.device; }
  KvCache new_cache() const;
  // x: [rows, width] of the step that cache.begin() opened -> its last `wanted` rows, both on the device; x
  // is overwritten. The cache takes in every row; what the last layer computes besides, it does for the
  // wanted ones only.
  at::Tensor operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const;
  at::Tensor operator()(at::Tensor x, KvCache& cache) const {
    return (*this)(std::move(x), cache, cache.rows());
  }
  // What one call costs: arithmetic, and weights + cache read.
  Work work(Phase, std::uint32_t rows, std::uint32_t context) const;
  std::size_t bytes() const;  // of weights

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm;
    PackedLinear qkv, out, gate_up, down;
  };
  // What a step needs between the products; only grows.
  struct Workspace;
  void rotate_and_cache(Workspace&, int layer, KvCache&) const;
  void attend(Workspace&, int layer, const KvCache&, std::int64_t first_row) const;
  ModelConfig config_;
  LayerRange range_;
  Placement place_;
  std::shared_ptr<const AtenLayers> aten_;  // or nothing, and the rest is what computes
  std::vector<float> frequencies_;          // [head_dim / 2]
  std::vector<Layer> layers_;
};

// A layer's tensors in the checkpoint, as products take them together.
struct LayerTensors {
  const TensorView *attention_norm, *ffn_norm;
  std::array<const TensorView*, 3> qkv;
  std::array<const TensorView*, 2> gate_up;
  std::array<const TensorView*, 1> out, down;
};
LayerTensors layer_tensors(Checkpoint&, int layer);

std::vector<float> rope_frequencies(const ModelConfig&);  // [head_dim / 2]
// Of the step's rows: [rows, head_dim / 2] each.
void rope_angles(const std::vector<float>& frequencies, const KvCache&, float* cosine, float* sine);

// Rows of x, [rows, gain.size(0)].
void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y);

}  // namespace splitwan::engine
