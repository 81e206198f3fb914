#include "engine/base/types.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine {

SplitPlan SplitPlan::of(int layers, int head_layers, int tail_layers) {
  if (head_layers < 0 || tail_layers < 0 || head_layers >= layers || tail_layers >= layers - head_layers) {
    throw Error("split {},{}: the model has {} layers; at least one must be left for the server", head_layers,
                tail_layers, layers);
  }
  const int last = layers - tail_layers;
  return {{0, head_layers}, {head_layers, last}, {last, layers}};
}

TokenBatch TokenBatch::chain(std::span<const Token> ids) {
  TokenBatch batch{{ids.begin(), ids.end()}, std::vector<std::int32_t>(ids.size())};
  for (std::size_t i = 0; i < ids.size(); ++i) batch.parent[i] = static_cast<std::int32_t>(i) - 1;
  return batch;
}

std::vector<std::int32_t> depths(std::span<const std::int32_t> parent) {
  std::vector<std::int32_t> depth(parent.size());
  for (std::size_t i = 0; i < parent.size(); ++i) {
    const auto p = parent[i];
    if (p < -1 || p >= static_cast<std::int32_t>(i)) {
      throw Error("batch row {}: parent {} is not an earlier row", i, p);
    }
    depth[i] = p < 0 ? 0 : depth[p] + 1;
  }
  return depth;
}

std::vector<std::int32_t> path_to(std::span<const std::int32_t> parent, std::int32_t row) {
  std::vector<std::int32_t> path;
  for (; row >= 0; row = parent[row]) path.push_back(row);
  std::reverse(path.begin(), path.end());
  return path;
}

bool is_chain(std::span<const std::int32_t> parent) {
  for (std::size_t i = 0; i < parent.size(); ++i) {
    if (parent[i] != static_cast<std::int32_t>(i) - 1) return false;
  }
  return true;
}

}  // namespace splitwan::engine
