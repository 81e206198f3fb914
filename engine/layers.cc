#include "engine/layers.hh"

#include <ATen/ATen.h>

#include <cmath>
#include <cstring>

namespace splitwan::engine {
namespace {

// cos and sin of position x frequency for every row of the step, in f32 as Hugging Face computes them.
struct Rotations {
  Rotations(const ModelConfig& config, const KvCache& cache) : half(config.head_dim / 2) {
    cosine.resize(static_cast<std::size_t>(cache.rows()) * half);
    sine.resize(cosine.size());
    for (int i = 0; i < half; ++i) {
      const auto exponent = static_cast<float>(2 * i) / static_cast<float>(config.head_dim);
      const float frequency = 1.f / std::pow(static_cast<float>(config.rope_theta), exponent);
      for (int row = 0; row < cache.rows(); ++row) {
        const float angle = static_cast<float>(cache.position(row)) * frequency;
        cosine[row * half + i] = std::cos(angle);
        sine[row * half + i] = std::sin(angle);
      }
    }
  }
  void apply(float* head, int row) const {
    kernels::rope(head, cosine.data() + row * half, sine.data() + row * half, 2 * half);
  }
  int half;
  std::vector<float> cosine, sine;
};

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& gain, double eps) {
  at::Tensor y = at::empty_like(x);
  const std::int64_t n = x.size(1);
  for (std::int64_t row = 0; row < x.size(0); ++row) {
    kernels::rms_norm(x.data_ptr<float>() + row * n, gain.data_ptr<float>(), n, static_cast<float>(eps),
                      y.data_ptr<float>() + row * n);
  }
  return y;
}

LayerStack::LayerStack(Checkpoint& checkpoint, LayerRange range)
    : config_(checkpoint.config()), range_(range) {
  const ModelConfig& c = config_;
  const auto q = c.q_width(), kv = c.kv_width();
  for (int i = range.begin; i < range.end; ++i) {
    const std::string at = fmt::format("model.layers.{}.", i);
    const auto matrix = [&](const char* name, std::int64_t m, std::int64_t k) {
      return &checkpoint.tensor(at + name + ".weight", {m, k});
    };
    const auto pack = [&](std::initializer_list<const TensorView*> views, std::int64_t k) {
      return PackedLinear(std::span(views.begin(), views.size()), k);
    };
    layers_.push_back(
        {to_f32(checkpoint.tensor(at + "input_layernorm.weight", {c.width})),
         to_f32(checkpoint.tensor(at + "post_attention_layernorm.weight", {c.width})),
         pack({matrix("self_attn.q_proj", q, c.width), matrix("self_attn.k_proj", kv, c.width),
               matrix("self_attn.v_proj", kv, c.width)},
              c.width),
         pack({matrix("self_attn.o_proj", c.width, q)}, q),
         pack({matrix("mlp.gate_proj", c.ffn, c.width), matrix("mlp.up_proj", c.ffn, c.width)}, c.width),
         pack({matrix("mlp.down_proj", c.width, c.ffn)}, c.ffn)});
  }
}

KvCache LayerStack::new_cache() const { return {range_.size(), config_.kv_width(), config_.sliding_window}; }

at::Tensor LayerStack::operator()(at::Tensor x, KvCache& cache) const {
  const Rotations rotations(config_, cache);
  const std::int64_t rows = x.size(0), q = config_.q_width(), kv = config_.kv_width(), ffn = config_.ffn;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const at::Tensor qkv = layer.qkv(rms_norm(x, layer.attention_norm, config_.rms_eps));
    for (std::int64_t row = 0; row < rows; ++row) {
      float* at = qkv.data_ptr<float>() + row * (q + 2 * kv);
      for (int head = 0; head < config_.heads + config_.kv_heads; ++head) {
        rotations.apply(at + head * config_.head_dim, static_cast<int>(row));
      }
      const std::int64_t slot = (cache.committed() + row) * kv;
      std::memcpy(cache.k(i) + slot, at + q, kv * sizeof(float));
      std::memcpy(cache.v(i) + slot, at + q + kv, kv * sizeof(float));
    }
    x += layer.out(attend(qkv, static_cast<int>(i), cache));
    const at::Tensor gate_up = layer.gate_up(rms_norm(x, layer.ffn_norm, config_.rms_eps));
    at::Tensor hidden = at::empty({rows, ffn}, at::kFloat);
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* gate = gate_up.data_ptr<float>() + row * 2 * ffn;
      kernels::silu_mul(gate, gate + ffn, ffn, hidden.data_ptr<float>() + row * ffn);
    }
    x += layer.down(hidden);
  }
  return x;
}

at::Tensor LayerStack::attend(const at::Tensor& qkv, int layer, KvCache& cache) const {
  const std::int64_t rows = qkv.size(0), heads = config_.heads, dim = config_.head_dim,
                     kv = config_.kv_width();
  const std::int64_t group = heads / config_.kv_heads;  // query heads that share a key head
  const float scale = 1.f / std::sqrt(static_cast<float>(dim));
  at::Tensor out = at::empty({rows, heads * dim}, at::kFloat);
  const float *k = cache.k(layer), *v = cache.v(layer), *in = qkv.data_ptr<float>();
  float* to = out.data_ptr<float>();
  parallel(rows * heads, 2 * dim * (cache.committed() + rows), [&](std::int64_t first, std::int64_t last) {
    std::vector<float> scores(cache.committed() + rows);
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = i / heads, head = i % heads, offset = head / group * dim;
      kernels::attention(in + row * qkv.size(1) + head * dim, k + offset, v + offset, kv,
                         cache.keys(static_cast<int>(row)), dim, scale, scores.data(), to + i * dim);
    }
  });
  return out;
}

Work LayerStack::work(Phase phase, std::uint32_t rows, std::uint32_t context) const {
  double weights = 0;
  for (const Layer& l : layers_) {
    weights +=
        static_cast<double>(l.qkv.elements() + l.out.elements() + l.gate_up.elements() + l.down.elements());
  }
  const double seen = context + (rows + 1) / 2.0;  // keys per row, a chain's average
  const double attention = 4.0 * config_.q_width() * seen * range_.size();
  const double cache = 8.0 * config_.kv_width() * (context + rows) * range_.size();
  return {phase, rows, context, rows * (2 * weights + attention), 4 * weights + cache};
}

}  // namespace splitwan::engine
