// What computes layers and logits: our own kernels on the CPU, or ATen's operations on any device of its. One
// virtual call per stack and step.
#pragma once

#include "engine/checkpoint/checkpoint.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/device.hh"
#include "engine/layers/session_rows.hh"

namespace splitwan::engine {

// A stack of decoder layers, at least one.
class Layers {
 public:
  virtual ~Layers() = default;
  // As LayerStack's. The caches' slots are new_slots().
  virtual at::Tensor operator()(at::Tensor x, std::span<const SessionRows>) const = 0;
  virtual std::unique_ptr<KvSlots> new_slots() const = 0;
  virtual std::size_t bytes() const = 0;  // of weights
  // Of each layer, what its bits depend on (arithmetic.hh). Empty where they depend on who shares a call.
  virtual std::vector<std::string> arithmetic() const { return {}; }
};

// The final norm and the product with the vocabulary.
class Head {
 public:
  virtual ~Head() = default;
  virtual at::Tensor logits(
      const at::Tensor& hidden) const = 0;  // [rows, width] -> [rows, vocabulary], on the host
  virtual std::size_t bytes() const = 0;
};

std::unique_ptr<Layers> make_layers(Checkpoint&, LayerRange, Storage, Placement);
std::unique_ptr<Head> make_head(Checkpoint&, Storage, Placement);

// The kinds that these choose from.
std::unique_ptr<Layers> make_kernel_layers(Checkpoint&, LayerRange, Storage);
std::unique_ptr<Head> make_kernel_head(Checkpoint&, Storage);
std::unique_ptr<Layers> make_aten_layers(Checkpoint&, LayerRange, Storage, at::Device);
std::unique_ptr<Head> make_aten_head(Checkpoint&, Storage, at::Device);

}  // namespace splitwan::engine
