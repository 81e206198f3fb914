// Layers and head in our own kernels: CPU, batch invariant.
#include <ATen/ATen.h>

#include <cmath>

#include "engine/layers/backends.hh"
#include "engine/layers/chunked_slots.hh"
#include "engine/layers/kernel_layer.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {
namespace {

// What a step needs besides; only grows.
struct Workspace : LayerRoom {
  std::int64_t rows = 0;
  std::vector<std::int32_t> positions;
  std::vector<std::vector<kernels::SlotRun>> runs;  // per row

  void size_for_step(const ModelConfig& c, const KvCache& cache) {
    rows = cache.rows();
    size_for(c, rows);
    if (runs.size() < static_cast<std::size_t>(rows)) runs.resize(static_cast<std::size_t>(rows));
    for (int row = 0; row < rows; ++row) cache.runs(row, runs[static_cast<std::size_t>(row)]);
  }
};

class KernelLayers : public Layers {
 public:
  KernelLayers(Checkpoint&, LayerRange, Storage);
  at::Tensor operator()(at::Tensor x, KvCache&, std::int64_t wanted) const override;
  std::unique_ptr<KvSlots> new_slots() const override {
    return std::make_unique<ChunkedSlots>(static_cast<int>(layers_.size()), config_.kv_heads,
                                          config_.head_dim);
  }
  std::size_t bytes() const override {
    std::size_t sum = 0;
    for (const KernelLayer& layer : layers_) sum += layer.bytes();
    return sum;
  }

 private:
  void cache_rows(const Workspace&, int layer, int first_slot, ChunkedSlots&) const;
  void attend(Workspace&, int layer, std::int64_t slots, const ChunkedSlots&, std::int64_t first_row) const;
  ModelConfig config_;
  std::vector<float> frequencies_;  // [head_dim / 2]
  std::vector<KernelLayer> layers_;
};

KernelLayers::KernelLayers(Checkpoint& checkpoint, LayerRange range, Storage storage)
    : config_(checkpoint.config()), frequencies_(rope_frequencies(config_)) {
  for (int i = range.begin; i < range.end; ++i) layers_.emplace_back(checkpoint, i, storage);
}

at::Tensor KernelLayers::operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const {
  thread_local Workspace workspace;
  Workspace& w = workspace;  // this thread's: the jobs below run on others too
  if (layers_.empty()) return x.narrow(0, cache.rows() - wanted, wanted);
  auto& slots = cache.memory<ChunkedSlots>();
  w.size_for_step(config_, cache);
  std::int64_t first = 0, rows = w.rows;  // those that this layer computes
  positions_of(cache, w.positions);
  rope_angles(frequencies_, w.positions, w.cosine, w.sine);
  float* stream = x.data_ptr<float>();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].project(config_, stream, rows, w);
    cache_rows(w, static_cast<int>(i), cache.first_slot(), slots);
    if (i + 1 == layers_.size()) {
      first = rows - wanted;
      rows = wanted;
      stream += first * config_.width;
      if (wanted == 0) break;
    }
    attend(w, static_cast<int>(i), cache.slots(), slots, first);
    layers_[i].finish(config_, stream, rows, w.mixed + first * config_.q_width(), w);
  }
  return first == 0 ? x : x.narrow(0, first, rows);
}

void KernelLayers::cache_rows(const Workspace& w, int layer, int first_slot, ChunkedSlots& slots) const {
  const std::int64_t q = config_.q_width(), kv = config_.kv_width();
  parallel(w.rows, 2 * kv, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const float* keys = w.qkv + row * (q + 2 * kv) + q;
      slots.put(layer, first_slot + static_cast<int>(row), keys, keys + kv);
    }
  });
}

void KernelLayers::attend(Workspace& w, int layer, std::int64_t slots, const ChunkedSlots& cache,
                          std::int64_t first_row) const {
  const std::int64_t rows = w.rows - first_row, dim = config_.head_dim, q = config_.q_width(),
                     kv = config_.kv_width();
  const int group = config_.heads / config_.kv_heads;  // query heads that share a key head
  const kernels::AttentionShape shape{config_.head_dim, group, 1.f / std::sqrt(static_cast<float>(dim))};
  parallel(rows * config_.kv_heads, 2 * dim * group * slots, [&](std::int64_t first, std::int64_t last) {
    thread_local Scratch scratch;
    float* scores = scratch.of<float>(kernels::attention_scratch(group, slots));
    for (std::int64_t i = first; i < last; ++i) {  // all rows of a head in turn: its keys stay near
      const std::int64_t row = first_row + i % rows, head = i / rows;
      kernels::best().attention(shape, w.qkv + row * (q + 2 * kv) + head * group * dim,
                                cache.head(layer, static_cast<int>(head)), w.runs[row], scores,
                                w.mixed + row * q + head * group * dim);
    }
  });
}

class KernelHead : public Head {
 public:
  KernelHead(Checkpoint& checkpoint, Storage storage)
      : eps_(checkpoint.config().rms_eps), norm_(to_f32(checkpoint.tensor(Role::final_norm))) {
    const TensorView* matrix = &checkpoint.tensor(Role::head);
    product_ = PackedLinear(std::span(&matrix, 1), checkpoint.config().width, storage);
  }
  at::Tensor logits(const at::Tensor& hidden) const override {
    thread_local Scratch scratch;
    const std::int64_t rows = hidden.size(0);
    auto* normed = scratch.of<float>(hidden.numel());
    rms_norm(hidden.data_ptr<float>(), rows, norm_, eps_, normed);
    at::Tensor logits = at::empty({rows, product_.outputs()}, at::kFloat);
    product_(normed, rows, logits.data_ptr<float>());
    return logits;
  }
  std::size_t bytes() const override { return product_.bytes(); }

 private:
  double eps_;
  at::Tensor norm_;
  PackedLinear product_;
};

}  // namespace

std::unique_ptr<Layers> make_kernel_layers(Checkpoint& checkpoint, LayerRange range, Storage storage) {
  return std::make_unique<KernelLayers>(checkpoint, range, storage);
}

std::unique_ptr<Head> make_kernel_head(Checkpoint& checkpoint, Storage storage) {
  return std::make_unique<KernelHead>(checkpoint, storage);
}

}  // namespace splitwan::engine
