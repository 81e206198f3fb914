// Decoder layers but for attention: what each token's row goes through by itself. For parties that hold rows
// and not all the keys. Our own kernels, on the CPU.
#pragma once

#include <memory>

#include "engine/layers/kernel_layer.hh"
#include "engine/party/transport.hh"

namespace splitwan::engine {

class TokenLayers {
 public:
  // Loads only these layers' tensors.
  TokenLayers(Checkpoint&, LayerRange, Storage = Storage::automatic);

  LayerRange range() const { return range_; }
  const ModelConfig& config() const { return config_; }
  std::size_t bytes() const;  // of weights

  // x: [rows, width] at these positions -> rotated queries, keys, values: [rows, q_width + 2 kv_width].
  // `layer` is the model's number of it.
  at::Tensor before(int layer, const at::Tensor& x, const Rotary&,
                    std::span<const std::int32_t> positions) const;
  // Adds to x what attention found, [rows, q_width], and then the feed-forward block.
  void after(int layer, at::Tensor& x, const at::Tensor& mixed) const;

  // Of after(layer - 1) and before(layer), or of one of them at either end of the range.
  Work work(int layer, std::uint32_t rows) const;

 private:
  const KernelLayer& at(int layer) const {
    return layers_.at(static_cast<std::size_t>(layer - range_.begin));
  }
  ModelConfig config_;
  LayerRange range_;
  std::vector<KernelLayer> layers_;
};

}  // namespace splitwan::engine
