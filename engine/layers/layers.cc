#include "engine/layers/layers.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "engine/layers/aten_layers.hh"

namespace splitwan::engine {

void rms_norm(const float* x, std::int64_t rows, const at::Tensor& gain, double eps, float* y) {
  const std::int64_t n = gain.size(0);
  for (std::int64_t row = 0; row < rows; ++row) {
    kernels::best().rms_norm(x + row * n, gain.data_ptr<float>(), n, static_cast<float>(eps), y + row * n);
  }
}

struct LayerStack::Workspace {
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

LayerTensors layer_tensors(Checkpoint& checkpoint, int layer) {
  const auto of = [&](Role role) { return &checkpoint.tensor(role, layer); };
  return {.attention_norm = of(Role::attention_norm),
          .ffn_norm = of(Role::ffn_norm),
          .qkv = {of(Role::q), of(Role::k), of(Role::v)},
          .gate_up = {of(Role::gate), of(Role::up)},
          .out = {of(Role::out)},
          .down = {of(Role::down)}};
}

std::vector<float> rope_frequencies(const ModelConfig& c) {
  std::vector<float> frequencies;
  for (int i = 0; i < c.head_dim / 2; ++i) {  // in f32 as Hugging Face computes them
    const auto exponent = static_cast<float>(2 * i) / static_cast<float>(c.head_dim);
    frequencies.push_back(1.f / std::pow(static_cast<float>(c.rope_theta), exponent));
  }
  return frequencies;
}

void rope_angles(const std::vector<float>& frequencies, const KvCache& cache, float* cosine, float* sine) {
  for (int row = 0; row < cache.rows(); ++row) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(cache.position(row)) * frequency;
      *cosine++ = std::cos(angle);
      *sine++ = std::sin(angle);
    }
  }
}

LayerStack::LayerStack(Checkpoint& checkpoint, LayerRange range, Storage storage, Placement place)
    : config_(checkpoint.config()), range_(range), place_(place), frequencies_(rope_frequencies(config_)) {
  if (place.is_aten()) {
    aten_ = std::make_shared<AtenLayers>(checkpoint, range, storage, place.device);
    return;
  }
  const ModelConfig& c = config_;
  for (int i = range.begin; i < range.end; ++i) {
    const LayerTensors t = layer_tensors(checkpoint, i);
    const auto pack = [&](std::span<const TensorView* const> views, std::int64_t k) {
      PackedLinear packed(views, k, storage);
      checkpoint.release();  // or the weights would be in memory twice
      return packed;
    };
    layers_.push_back({to_f32(*t.attention_norm), to_f32(*t.ffn_norm), pack(t.qkv, c.width),
                       pack(t.out, c.q_width()), pack(t.gate_up, c.width), pack(t.down, c.ffn)});
  }
}

KvCache LayerStack::new_cache() const {
  return {range_.size(), config_.kv_heads, config_.head_dim, config_.sliding_window,
          aten_ ? std::optional(place_.device) : std::nullopt};
}

at::Tensor LayerStack::operator()(at::Tensor x, KvCache& cache, std::int64_t wanted) const {
  if (aten_) return (*aten_)(std::move(x), cache).narrow(0, cache.rows() - wanted, wanted);
  thread_local Workspace workspace;
  Workspace& w = workspace;  // this thread's: the jobs below run on others too
  if (layers_.empty()) return x.narrow(0, cache.rows() - wanted, wanted);
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
    rotate_and_cache(w, static_cast<int>(i), cache);
    if (i + 1 == layers_.size()) {
      first = rows - wanted;
      rows = wanted;
      stream += first * config_.width;
      if (wanted == 0) break;
    }
    attend(w, static_cast<int>(i), cache, first);
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

void LayerStack::rotate_and_cache(Workspace& w, int layer, KvCache& cache) const {
  const std::int64_t q = config_.q_width(), kv = config_.kv_width(), half = config_.head_dim / 2;
  const int heads = config_.heads + config_.kv_heads;  // the keys lie behind the queries
  parallel(w.rows, 4 * (q + 2 * kv), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      float* at = w.qkv + row * (q + 2 * kv);
      for (int head = 0; head < heads; ++head) {
        kernels::best().rope(at + head * config_.head_dim, w.cosine + row * half, w.sine + row * half,
                             config_.head_dim);
      }
      cache.put(layer, static_cast<int>(row), at + q, at + q + kv);
    }
  });
}

void LayerStack::attend(Workspace& w, int layer, const KvCache& cache, std::int64_t first_row) const {
  const std::int64_t rows = w.rows - first_row, dim = config_.head_dim, q = config_.q_width(),
                     kv = config_.kv_width();
  const int group = config_.heads / config_.kv_heads;  // query heads that share a key head
  const kernels::AttentionShape shape{config_.head_dim, group, 1.f / std::sqrt(static_cast<float>(dim))};
  const std::int64_t slots = cache.slots();
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

std::size_t LayerStack::bytes() const {
  if (aten_) return aten_->bytes();
  std::size_t sum = 0;
  for (const Layer& l : layers_) sum += l.qkv.bytes() + l.out.bytes() + l.gate_up.bytes() + l.down.bytes();
  return sum;
}

Work LayerStack::work(Phase phase, std::uint32_t rows, std::uint32_t context) const {
  const double per_layer = 2.0 * config_.q_width() + 2.0 * config_.kv_width() + 3.0 * config_.ffn;
  const double weights = per_layer * config_.width * range_.size();
  const double seen = context + (rows + 1) / 2.0;  // keys per row, a chain's average
  const double attention = 4.0 * config_.q_width() * seen * range_.size();
  const double cached = 8.0 * config_.kv_width() * (context + rows) * range_.size();
  return {phase, rows, context, rows * (2 * weights + attention), static_cast<double>(bytes()) + cached};
}

}  // namespace splitwan::engine
