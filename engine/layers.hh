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
  LayerStack(Checkpoint&, LayerRange);

  LayerRange range() const { return range_; }
  KvCache new_cache() const;
  // x: [rows, width] of the step that cache.begin() opened -> [rows, width]. x is overwritten.
  at::Tensor operator()(at::Tensor x, KvCache& cache) const;
  // What one call costs: arithmetic, and weights + cache read.
  Work work(Phase, std::uint32_t rows, std::uint32_t context) const;

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm;
    PackedLinear qkv, out, gate_up, down;
  };
  at::Tensor attend(const at::Tensor& qkv, int layer, KvCache&) const;
  ModelConfig config_;
  LayerRange range_;
  std::vector<Layer> layers_;
};

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps);

}  // namespace splitwan::engine
