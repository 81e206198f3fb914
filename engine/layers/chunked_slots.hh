// For our kernels: slot s of a layer is in its chunk s / chunk_slots, so that growing copies nothing.
#pragma once

#include <vector>

#include "engine/kernels/arena.hh"
#include "engine/kernels/kernels.hh"
#include "engine/layers/kv_slots.hh"

namespace splitwan::engine {

class ChunkedSlots : public KvSlots {
 public:
  ChunkedSlots(int layers, int kv_heads, int head_dim)
      : kv_heads_(kv_heads), head_dim_(head_dim), layers_(layers) {}
  void fit(int slots, int used) override;
  void move(int from, int to) override;
  std::uint64_t bytes() const override;

  // One slot's key and value, [kv_heads, head_dim] each.
  void put(int layer, int slot, const float* key, const float* value);
  void get(int layer, int slot, float* key, float* value) const;
  kernels::HeadCache head(int layer, int head) const;

 private:
  struct Layer {
    std::vector<Arena> memory;
    std::vector<const float*> chunks;
  };
  std::size_t head_floats() const { return std::size_t{2} * kernels::chunk_slots * head_dim_; }
  // 16 more: the last value of a head_dim that is no multiple of 16 is read past its end, and not used.
  std::size_t chunk_bytes() const { return (kv_heads_ * head_floats() + 16) * sizeof(float); }
  int kv_heads_, head_dim_;
  int touched_ = 0;  // slots: the system gives a large chunk page by page
  std::vector<Layer> layers_;
};

}  // namespace splitwan::engine
