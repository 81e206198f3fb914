// Layers and head in our own kernels: CPU, batch invariant.
#include <ATen/ATen.h>

#include <cmath>

#include "engine/layers/backends.hh"
#include "engine/layers/chunked_slots.hh"
#include "engine/layers/layer_tensors.hh"
#include "engine/layers/linear.hh"
#include "engine/layers/rope.hh"

namespace splitwan::engine {
namespace {

// Rows of x, [rows, gain.size(0)].
void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y) {
  const std::int64_t n = gain.size(0);
  for (std::int64_t row = 0; row < rows; ++row) {
    kernels::best().rms_norm(x + row * n, gain.data_ptr<float>(), n, static_cast<float>(eps), y + row * n);
  }
}

// What a step needs between the products; only grows.
struct Workspace {
  std::int64_t rows = 0;
  float *normed, *qkv, *mixed, *out, *gate_up, *hidden, *cosine, *sine;
  std::vector<std::vector<kernels::SlotRun>> runs;  // per row

  void size_for(const ModelConfig& c, const KvCache& cache) {
    rows = cache.rows();
    const std::int64_t widths[] = {
        c.width,       c.q_width() + 2 * c.kv_width(), c.q_width(), c.width, 2 * c.ffn, c.ffn, c.head_dim / 2,
        c.head_dim / 2};
    float** const places[] = {&normed, &qkv, &mixed, &out, &gate_up, &hidden, &cosine, &sine};
    std::int64_t total = 0;
    for (const auto width : widths) total += (rows * width + 15) / 16 * 16;
    float* at = memory_.of<float>(total);
    for (std::size_t i = 0; i < std::size(widths); ++i) {
      *places[i] = at;
      at += (rows * widths[i] + 15) / 16 * 16;
    }
    if (runs.size() < static_cast<std::size_t>(rows)) runs.resize(rows);
    for (int row = 0; row < rows; ++row) cache.runs(row, runs[row]);
  }

 private:
  Scratch memory_;
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
    for (const Layer& l : layers_) sum += l.qkv.bytes() + l.out.bytes() + l.gate_up.bytes() + l.down.bytes();
    return sum;
  }

 private:
  struct Layer {
    at::Tensor attention_norm, ffn_norm;
    PackedLinear qkv, out, gate_up, down;
    at::Tensor qkv_bias;  // undefined where the family has none
  };
  void rotate_and_cache(Workspace&, int layer, int first_slot, ChunkedSlots&) const;
  void attend(Workspace&, int layer, std::int64_t slots, const ChunkedSlots&, std::int64_t first_row) const;
  ModelConfig config_;
  std::vector<float> frequencies_;  // [head_dim / 2]
  std::vector<Layer> layers_;
};

KernelLayers::KernelLayers(Checkpoint& checkpoint, LayerRange range, Storage storage)
    : config_(checkpoint.config()), frequencies_(rope_frequencies(config_)) {
  const ModelConfig& c = config_;
  for (int i = range.begin; i < range.end; ++i) {
    const LayerTensors t = layer_tensors(checkpoint, i);
    const auto pack = [&](std::span<const TensorView* const> views, std::int64_t k) {
      PackedLinear packed(views, k, storage);
      checkpoint.release();  // or the weights would be in memory twice
      return packed;
    };
    layers_.push_back({to_f32(*t.attention_norm), to_f32(*t.ffn_norm), pack(t.qkv, c.width),
                       pack(t.out, c.q_width()), pack(t.gate_up, c.width), pack(t.down, c.ffn),
                       joined_f32(t.qkv_bias)});
  }
}

at::Tensor KernelLayers::operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const {
  thread_local Workspace workspace;
  Workspace& w = workspace;  // this thread's: the jobs below run on others too
  if (layers_.empty()) return x.narrow(0, cache.rows() - wanted, wanted);
  auto& slots = cache.memory<ChunkedSlots>();
  w.size_for(config_, cache);
  const std::int64_t ffn = config_.ffn;
  std::int64_t first = 0, rows = w.rows;  // those that this layer computes
  rope_angles(frequencies_, cache, w.cosine, w.sine);
  const kernels::Set& set = kernels::best();
  float* stream = x.data_ptr<float>();
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    rms_norm(stream, rows, layer.attention_norm, config_.rms_eps, w.normed);
    layer.qkv(w.normed, rows, w.qkv);
    rotate_and_cache(w, static_cast<int>(i), cache.first_slot(), slots);
    if (i + 1 == layers_.size()) {
      first = rows - wanted;
      rows = wanted;
      stream += first * config_.width;
      if (wanted == 0) break;
    }
    attend(w, static_cast<int>(i), cache.slots(), slots, first);
    layer.out(w.mixed + first * config_.q_width(), rows, w.out);
    set.add(stream, w.out, rows * config_.width);
    rms_norm(stream, rows, layer.ffn_norm, config_.rms_eps, w.normed);
    layer.gate_up(w.normed, rows, w.gate_up);
    parallel(rows, 32 * ffn, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t row = from; row < to; ++row) {
        const float* gate = w.gate_up + row * 2 * ffn;
        set.silu_mul(gate, gate + ffn, ffn, w.hidden + row * ffn);
      }
    });
    layer.down(w.hidden, rows, w.out);
    set.add(stream, w.out, rows * config_.width);
  }
  return first == 0 ? x : x.narrow(0, first, rows);
}

void KernelLayers::rotate_and_cache(Workspace& w, int layer, int first_slot, ChunkedSlots& slots) const {
  const std::int64_t q = config_.q_width(), kv = config_.kv_width(), half = config_.head_dim / 2;
  const at::Tensor& bias = layers_[layer].qkv_bias;
  const float* shift = bias.defined() ? bias.data_ptr<float>() : nullptr;
  const int heads = config_.heads + config_.kv_heads;  // the keys lie behind the queries
  parallel(w.rows, 4 * (q + 2 * kv), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      float* at = w.qkv + row * (q + 2 * kv);
      if (shift) kernels::best().add(at, shift, q + 2 * kv);
      for (int head = 0; head < heads; ++head) {
        kernels::best().rope(at + head * config_.head_dim, w.cosine + row * half, w.sine + row * half,
                             config_.head_dim);
      }
      slots.put(layer, first_slot + static_cast<int>(row), at + q, at + q + kv);
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
