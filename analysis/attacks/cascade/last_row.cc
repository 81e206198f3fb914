#include "analysis/attacks/cascade/last_row.hh"

#include <ATen/ATen.h>

namespace splitwan::attacks {

std::vector<Token> next_of_owners(const Pieces& pieces, std::span<const Token> ids,
                                  const engine::Sharding& sharding, int tail_layers) {
  const int layers = pieces.config().layers, from = layers - tail_layers;
  const at::Tensor all = positions_from(0, static_cast<std::int64_t>(ids.size()));
  const at::Tensor hidden = through_alone(pieces, pieces.embed(ids), all, 0, from);
  std::vector<Token> next(ids.size());
  for (int shard = 0; shard < sharding.alpha; ++shard) {
    std::vector<std::int64_t> own;
    for (int i = 0; i < static_cast<int>(ids.size()); ++i)
      if (sharding.shard_of(i) == shard) own.push_back(i);
    if (own.empty()) continue;
    const at::Tensor which = at::tensor(own, at::kLong);
    const at::Tensor last =
        through_alone(pieces, hidden.index_select(0, which), all.index_select(0, which), from, layers);
    const at::Tensor best = pieces.logits(last.contiguous()).argmax(1);
    for (std::size_t i = 0; i < own.size(); ++i)
      next[static_cast<std::size_t>(own[i])] =
          static_cast<Token>(best[static_cast<std::int64_t>(i)].item<std::int64_t>());
  }
  return next;
}

}  // namespace splitwan::attacks
