#include "engine/layers/model_ends.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/layers/aten_layers.hh"
#include "engine/layers/aten_ops.hh"

namespace splitwan::engine {

ModelEnds::ModelEnds(Checkpoint& checkpoint, LayerRange head, LayerRange tail, Storage storage,
                     Placement place)
    : config_(checkpoint.config()),
      embedding_(checkpoint.tensor(Role::embedding)),
      head_(checkpoint, head, storage, place),
      tail_(checkpoint, tail, storage, place),
      norm_(to_f32(checkpoint.tensor(Role::final_norm)).to(place.device)) {
  const TensorView* lm_head = &checkpoint.tensor(Role::head);
  const std::span matrices(&lm_head, 1);
  if (place.is_aten()) {
    aten_lm_head_ = device_weight(matrices, storage, place.device);
  } else {
    lm_head_ = PackedLinear(matrices, config_.width, storage);
  }
  checkpoint.release();
}

at::Tensor ModelEnds::embed(std::span<const Token> ids) const {
  const std::int64_t width = config_.width;
  const at::Tensor x =
      host_buffer({static_cast<std::int64_t>(ids.size()), width}, at::kFloat, head_.device());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < 0 || ids[i] >= config_.vocabulary) {
      throw Error("token id {} is outside the vocabulary of {}", ids[i], config_.vocabulary);
    }
    const std::byte* row =
        embedding_.data.data() + ids[i] * width * static_cast<std::int64_t>(size_of(embedding_.dtype));
    kernels::best().widen(row, embedding_.dtype, width, x.data_ptr<float>() + i * width);
  }
  return upload(x, head_.device());
}

at::Tensor ModelEnds::logits(const at::Tensor& hidden) const {
  if (aten_lm_head_.defined()) {  // in f32 whatever the storage: two bytes would make logits equal
    return download(aten::linear(aten::rms_norm(hidden, norm_, config_.rms_eps), aten_lm_head_));
  }
  thread_local Scratch scratch;
  const std::int64_t rows = hidden.size(0);
  auto* normed = scratch.of<float>(rows * config_.width);
  rms_norm(hidden.data_ptr<float>(), rows, norm_, config_.rms_eps, normed);
  at::Tensor logits = at::empty({rows, config_.vocabulary}, at::kFloat);
  lm_head_(normed, rows, logits.data_ptr<float>());
  return logits;
}

Work ModelEnds::logits_work(Work tail, std::uint32_t rows) const {
  tail.flops += 2.0 * rows * config_.vocabulary * config_.width;
  tail.bytes += static_cast<double>(lm_head_bytes());
  return tail;
}

}  // namespace splitwan::engine
