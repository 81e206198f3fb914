#include "engine/layers/model_ends.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/kernels/kernels.hh"

namespace splitwan::engine {

ModelEnds::ModelEnds(Checkpoint& checkpoint, LayerRange head, LayerRange tail, Storage storage,
                     Placement place)
    : config_(checkpoint.config()),
      embedding_(checkpoint.tensor(Role::embedding)),
      head_(checkpoint, head, storage, place),
      tail_(checkpoint, tail, storage, place),
      output_(make_head(checkpoint, storage, place)) {
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
  if (config_.embedding_scale != 1) x.mul_(config_.embedding_scale);
  return upload(x, head_.device());
}

Work ModelEnds::logits_work(Work tail, std::uint32_t rows) const {
  tail.flops += 2.0 * rows * config_.vocabulary * config_.width;
  tail.bytes += static_cast<double>(output_->bytes());
  return tail;
}

}  // namespace splitwan::engine
