#include "engine/model_ends.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/error.hh"

namespace splitwan::engine {
namespace {

constexpr auto embedding_name = "model.embed_tokens.weight";

}  // namespace

ModelEnds::ModelEnds(Checkpoint& checkpoint, LayerRange head, LayerRange tail)
    : config_(checkpoint.config()),
      embedding_(to_f32(checkpoint.tensor(embedding_name, {config_.vocabulary, config_.width}))),
      head_(checkpoint, head),
      tail_(checkpoint, tail),
      norm_(to_f32(checkpoint.tensor("model.norm.weight", {config_.width}))) {
  const TensorView* lm_head = &checkpoint.tensor(config_.tied ? embedding_name : "lm_head.weight",
                                                 {config_.vocabulary, config_.width});
  lm_head_ = PackedLinear(std::span(&lm_head, 1), config_.width);
}

at::Tensor ModelEnds::embed(std::span<const Token> ids) const {
  const std::int64_t width = config_.width;
  at::Tensor x = at::empty({static_cast<std::int64_t>(ids.size()), width}, at::kFloat);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config_.vocabulary) {
      throw Error("token id {} is outside the vocabulary of {}", ids[i], config_.vocabulary);
    }
    std::memcpy(x.data_ptr<float>() + i * width, embedding_.data_ptr<float>() + ids[i] * width,
                width * sizeof(float));
  }
  return x;
}

at::Tensor ModelEnds::logits(const at::Tensor& hidden) const {
  return lm_head_(rms_norm(hidden, norm_, config_.rms_eps));
}

Work ModelEnds::logits_work(Work tail, std::uint32_t rows) const {
  tail.flops += 2.0 * rows * static_cast<double>(lm_head_.elements());
  tail.bytes += 4.0 * static_cast<double>(lm_head_.elements());
  return tail;
}

}  // namespace splitwan::engine
