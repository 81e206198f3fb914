#include "scenarios/train/teacher.hh"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>

#include "engine/base/error.hh"
#include "scenarios/train/ops.hh"
#include "scenarios/train/state.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Token;

namespace {

// Chooses one passage's tokens.
class Writer {
 public:
  Writer(double temperature, std::uint64_t seed) : temperature_(temperature), generator_(seed) {}

  void note(Token token) {
    std::shift_left(last_.begin(), last_.end(), 1);
    last_.back() = token;
    repeats_ = seen_.insert(last_).second ? 0 : repeats_ + 1;
  }

  Token choose(std::int64_t vocabulary, float* logits) {
    constexpr int circling = 8;  // 4-grams seen before, one after the other
    const double temperature = repeats_ < circling ? temperature_ : std::max(temperature_, 1.0);
    if (temperature == 0) return static_cast<Token>(std::max_element(logits, logits + vocabulary) - logits);
    kernels::softmax(vocabulary, static_cast<float>(1 / temperature), logits);
    auto left = static_cast<float>(static_cast<double>(generator_() >> 11) * 0x1p-53);
    Token token = 0;
    while (token + 1 < vocabulary && (left -= logits[token]) >= 0) ++token;
    return token;
  }

 private:
  double temperature_;
  std::mt19937_64 generator_;
  std::array<Token, 4> last_{-1, -1, -1, -1};
  std::set<std::array<Token, 4>> seen_;
  int repeats_ = 0;
};

}  // namespace

struct Teacher::Cache {
  std::vector<Tensor> keys, values;  // per layer [rows, kv_heads, head_dim, slots], [.., slots, head_dim]
  Rotary rotary;
};

Teacher::Teacher(const std::string& folder)
    : config_(engine::read_model_config(folder)),
      weights_(read_weights(folder, config_)),
      model_(views_of(config_, [&](std::int64_t offset, const std::vector<std::int64_t>& shape) {
        return weights_.narrow(0, offset, c10::multiply_integers(shape)).view(shape);
      })) {}

Tensor Teacher::step(const Tensor& ids, int position, Cache& cache) const {
  const std::int64_t rows = ids.size(0), dim = config_.head_dim, slots = cache.rotary.cos.size(0);
  const int group = config_.heads / config_.kv_heads;
  const float *cos = data(cache.rotary.cos) + position * dim / 2,
              *sin = data(cache.rotary.sin) + position * dim / 2;
  const float scale = 1 / std::sqrt(static_cast<float>(dim));
  const Tensor attended = at::empty({rows, config_.q_width()}, weights_.options());
  std::vector<float> queries(group * dim), key(dim), scores(group * slots);
  Tensor x = at::embedding(model_.embedding, ids);
  for (int l = 0; l < config_.layers; ++l) {
    const LlamaViews::Layer& layer = model_.layers[l];
    const Tensor qkv = at::linear(rms_norm(x, layer.input_norm, config_.rms_eps), layer.qkv);
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* from = data(qkv) + row * qkv.size(1);
      for (int h = 0; h < config_.kv_heads; ++h) {
        const std::int64_t block = (row * config_.kv_heads + h) * dim * slots;
        float *keys = data(cache.keys[l]) + block, *values = data(cache.values[l]) + block;
        kernels::rotate(dim / 2, from + config_.q_width() + h * dim, cos, sin, 1, 1, key.data());
        for (std::int64_t i = 0; i < dim; ++i) keys[i * slots + position] = key[i];
        std::copy_n(from + config_.q_width() + config_.kv_width() + h * dim, dim, values + position * dim);
        for (int g = 0; g < group; ++g) {
          kernels::rotate(dim / 2, from + (h * group + g) * dim, cos, sin, 1, scale,
                          queries.data() + g * dim);
        }
        kernels::attend({group, dim, slots}, position + 1, queries.data(), keys, values, scores.data(),
                        data(attended) + (row * config_.heads + h * group) * dim);
      }
    }
    x = x + at::linear(attended, layer.o);
    const Tensor gate_up = at::linear(rms_norm(x, layer.post_norm, config_.rms_eps), layer.gate_up);
    x = x + at::linear(swiglu(gate_up), layer.down);
  }
  return rms_norm(x, model_.final_norm, config_.rms_eps);
}

Passages Teacher::write(std::span<const Opening> openings, int context) const {
  const at::NoGradGuard guard;
  const auto rows = static_cast<std::int64_t>(openings.size());
  Passages p;
  p.count = static_cast<int>(rows);
  p.context = context;
  p.ids.resize(rows * (context + 1));
  p.features = at::empty({rows, context, config_.width}, at::kHalf);
  Cache cache{{}, {}, make_rotary(context, config_.head_dim, config_.rope_theta)};
  for (int l = 0; l < config_.layers; ++l) {
    cache.keys.push_back(at::empty({rows, config_.kv_heads, config_.head_dim, context}, at::kFloat));
    cache.values.push_back(at::empty({rows, config_.kv_heads, context, config_.head_dim}, at::kFloat));
  }
  std::vector<Writer> writers;
  for (const Opening& opening : openings) {
    writers.emplace_back(opening.temperature, opening.seed);
    p.given.push_back(static_cast<int>(opening.ids.size()));
  }
  const Tensor column = at::empty({rows}, at::kLong);
  Tensor logits;
  for (int position = 0; position <= context; ++position) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const Token token = position < p.given[row]
                              ? openings[row].ids[position]
                              : writers[row].choose(logits.size(1), data(logits) + row * logits.size(1));
      writers[row].note(token);
      p.ids[row * (context + 1) + position] = token;
      column.data_ptr<std::int64_t>()[row] = token;
    }
    if (position == context) break;
    const Tensor hidden = step(column, position, cache);
    p.features.select(1, position).copy_(hidden);
    logits = at::linear(hidden, model_.head);
  }
  return p;
}

}  // namespace splitwan::scenarios
