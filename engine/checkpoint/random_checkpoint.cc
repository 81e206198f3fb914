#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "engine/checkpoint/checkpoint.hh"

namespace splitwan::engine {
namespace {

void put(std::byte* at, DType dtype, float value) {
  if (dtype == DType::f32) {
    std::memcpy(at, &value, 4);
  } else if (dtype == DType::f16) {
    const auto half = static_cast<_Float16>(value);
    std::memcpy(at, &half, 2);
  } else {
    std::memcpy(at, reinterpret_cast<const std::byte*>(&value) + 2, 2);  // bf16: the upper half
  }
}

std::int64_t elements(const std::vector<std::int64_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

}  // namespace

Checkpoint Checkpoint::random(const ModelConfig& c, DType dtype) {
  Checkpoint checkpoint;
  checkpoint.folder_ = "random weights";
  checkpoint.config_ = c;
  std::map<std::string, std::vector<std::int64_t>> shapes = {
      {"model.embed_tokens.weight", {c.vocabulary, c.width}}, {"model.norm.weight", {c.width}}};
  if (!c.tied) shapes["lm_head.weight"] = {c.vocabulary, c.width};
  for (int i = 0; i < c.layers; ++i) {
    const std::string at = "model.layers." + std::to_string(i) + ".";
    shapes[at + "input_layernorm.weight"] = shapes[at + "post_attention_layernorm.weight"] = {c.width};
    shapes[at + "self_attn.q_proj.weight"] = {c.q_width(), c.width};
    shapes[at + "self_attn.k_proj.weight"] = shapes[at + "self_attn.v_proj.weight"] = {c.kv_width(), c.width};
    shapes[at + "self_attn.o_proj.weight"] = {c.width, c.q_width()};
    shapes[at + "mlp.gate_proj.weight"] = shapes[at + "mlp.up_proj.weight"] = {c.ffn, c.width};
    shapes[at + "mlp.down_proj.weight"] = {c.width, c.ffn};
  }
  std::int64_t longest = 0;
  std::map<std::string, TensorView> made;
  for (const auto& [name, shape] : shapes) {
    made[name] = {name, dtype, shape, {}};
    longest = std::max(longest, elements(shape));
  }
  // All tensors look into the same noise: speed does not care, and memory does.
  const auto width = static_cast<std::int64_t>(size_of(dtype));
  checkpoint.noise_ = std::make_shared<std::vector<std::byte>>(longest * width);
  std::uint64_t state = 1;
  for (std::int64_t i = 0; i < longest; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    put(checkpoint.noise_->data() + i * width, dtype,
        static_cast<float>(state >> 40) * 0x1p-24f * 0.08f - 0.04f);
  }
  for (auto& [name, view] : made)
    view.data = {checkpoint.noise_->data(), static_cast<std::size_t>(elements(view.shape) * width)};
  checkpoint.made_ = std::move(made);
  for (const auto& [name, view] : checkpoint.made_) {
    checkpoint.file_of_[name] = checkpoint.folder_;
    checkpoint.found_[name] = &view;
  }
  return checkpoint;
}

}  // namespace splitwan::engine
