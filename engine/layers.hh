// Decoder layers of a Llama/Mistral model: RMSNorm, rotary grouped-query attention, SwiGLU.
#pragma once

#include "engine/checkpoint.hh"
#include "engine/kv_cache.hh"
#include "engine/linear.hh"
#include "engine/transport.hh"

namespace splitwan::engine {

class LayerStack {
 public:
  // Loads only these layers' tensors.
  LayerStack(Checkpoint&, LayerRange, Storage = Storage::automatic);

  LayerRange range() const { return range_; }
  KvCache new_cache() const;
  // x: [rows, width] of the step that cache.begin() opened -> [rows, width]. x is overwritten.
  at::Tensor operator()(at::Tensor x, KvCache& cache) const;
  // What one call costs: arithmetic, and weights + cache read.
  Work work(Phase, std::uint32_t rows, std::uint32_t context) const;
  std::size_t bytes() const;  // of packed weights

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm;
    PackedLinear qkv, out, gate_up, down;
  };
  // What a step needs between the products; only grows.
  struct Workspace;
  void rotate_and_cache(Workspace&, int layer, KvCache&) const;
  void attend(Workspace&, int layer, const KvCache&) const;
  ModelConfig config_;
  LayerRange range_;
  std::vector<float> frequencies_;  // [head_dim / 2]
  std::vector<Layer> layers_;
};

// Rows of x, [rows, gain.size(0)].
void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y);

}  // namespace splitwan::engine
