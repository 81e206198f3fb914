#include "engine/layers/kv_cache.hh"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "engine/base/error.hh"

namespace splitwan::engine {

using kernels::block_slots, kernels::chunk_slots;

KvCache::KvCache(int layers, int kv_heads, int head_dim, int sliding_window, std::optional<at::Device> device)
    : kv_heads_(kv_heads), head_dim_(head_dim), window_(sliding_window), layers_(device ? 0 : layers) {
  if (device)
    tensor_ = at::empty({layers, 2, 0, kv_heads, head_dim}, at::TensorOptions(at::kFloat).device(*device));
}

void KvCache::begin(std::vector<std::int32_t> parent) {
  depth_ = depths(parent);
  parent_ = std::move(parent);
  open(0);
}

void KvCache::grow(std::span<const std::int32_t> parent) {
  const std::size_t before = parent_.size();
  std::vector<std::int32_t> all = parent_;
  all.insert(all.end(), parent.begin(), parent.end());
  depth_ = depths(all);
  parent_ = std::move(all);
  open(before);
}

void KvCache::open(std::size_t from) {
  first_ = static_cast<int>(from);
  run_.resize(parent_.size());
  for (auto row = static_cast<std::int32_t>(from); row < static_cast<std::int32_t>(parent_.size()); ++row) {
    run_[row] = row > 0 && parent_[row] == row - 1 ? run_[row - 1] : row;
  }
  if (tensor_.defined()) return reserve_tensor();
  const std::size_t chunks = (slots() + chunk_slots - 1) / chunk_slots;
  for (Layer& layer : layers_) {
    while (layer.memory.size() < chunks) {
      // 16 more: the last value of a head_dim that is no multiple of 16 is read past its end, and not used.
      layer.memory.emplace_back((kv_heads_ * head_floats() + 16) * sizeof(float));
      layer.chunks.push_back(layer.memory.back().as<float>());
    }
  }
}

void KvCache::runs(int row, std::vector<kernels::SlotRun>& out) const {
  const int oldest = window_ > 0 ? std::max(0, position(row) - window_ + 1) : 0;
  const auto at = [&](int any) { return committed_ + depth_[any]; };
  out.clear();
  for (int last = first_ + row; last >= 0 && at(last) >= oldest; last = parent_[run_[last]]) {
    const int length = std::min(last - run_[last], at(last) - oldest) + 1;
    out.push_back({committed_ + last - length + 1, committed_ + last + 1});
  }
  if (oldest < committed_) out.push_back({oldest, committed_});
  std::reverse(out.begin(), out.end());
  if (out.size() > 1 && out[0].end == out[1].begin) {  // the usual case: context and chain are one
    out[1].begin = out[0].begin;
    out.erase(out.begin());
  }
}

void KvCache::commit(std::span<const std::int32_t> kept) {
  std::int32_t before = -1;
  for (const auto row : kept) {
    const auto count = static_cast<std::int32_t>(parent_.size());
    if (row < 0 || row >= count || parent_[row] != before) {
      throw Error("commit: row {} does not continue a path of the last step ({} rows)", row, count);
    }
    before = row;
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const int from = committed_ + kept[i], to = committed_ + static_cast<int>(i);
    if (from == to) continue;
    for (Layer& layer : layers_) move(layer, from, to);  // i <= kept[i]: earlier rows move first
    if (tensor_.defined()) tensor_.narrow(2, to, 1).copy_(tensor_.narrow(2, from, 1));
  }
  committed_ += static_cast<int>(kept.size());
  parent_.clear();
  first_ = 0;
}

// Keys of 16 slots lie together, dimension-major, so that one query meets 16 keys at once.
struct Place {
  float *key, *value;
};
static Place place(const float* chunk, std::size_t head_floats, int head, int slot, int dim) {
  const int s = slot % chunk_slots, lane = s % block_slots;
  float* base = const_cast<float*>(chunk) + head * head_floats;
  return {base + (s - lane) * dim + lane, base + chunk_slots * dim + s * dim};
}

void KvCache::store(Layer& layer, int slot, const float* key, const float* value) {
  for (int h = 0; h < kv_heads_; ++h, key += head_dim_, value += head_dim_) {
    const Place to = place(layer.chunks[slot / chunk_slots], head_floats(), h, slot, head_dim_);
    for (int d = 0; d < head_dim_; ++d) to.key[d * block_slots] = key[d];
    std::memcpy(to.value, value, head_dim_ * sizeof(float));
  }
}

void KvCache::move(Layer& layer, int from, int to) {
  for (int h = 0; h < kv_heads_; ++h) {
    const Place a = place(layer.chunks[from / chunk_slots], head_floats(), h, from, head_dim_);
    const Place b = place(layer.chunks[to / chunk_slots], head_floats(), h, to, head_dim_);
    for (int d = 0; d < head_dim_; ++d) b.key[d * block_slots] = a.key[d * block_slots];
    std::memcpy(b.value, a.value, head_dim_ * sizeof(float));
  }
}

void KvCache::put(int layer, int row, const float* key, const float* value) {
  store(layers_[layer], committed_ + first_ + row, key, value);
}

// Doubling: a copy within the device, rare, that attention over one tensor is worth.
void KvCache::reserve_tensor() {
  const auto now = tensor_.size(2), used = std::int64_t{committed_ + first_};
  if (slots() <= now) return;
  auto sizes = tensor_.sizes().vec();
  sizes[2] = std::max<std::int64_t>({256, 2 * now, slots()});
  const at::Tensor larger = at::empty(sizes, tensor_.options());
  larger.narrow(2, 0, used).copy_(tensor_.narrow(2, 0, used));
  tensor_ = larger;
}

std::pair<at::Tensor, at::Tensor> KvCache::extend(int layer, const at::Tensor& keys,
                                                  const at::Tensor& values) {
  const at::Tensor all = tensor_.select(0, layer).narrow(1, 0, slots());
  at::Tensor all_keys = all.select(0, 0), all_values = all.select(0, 1);
  all_keys.narrow(0, committed_ + first_, rows()).copy_(keys);
  all_values.narrow(0, committed_ + first_, rows()).copy_(values);
  return {all_keys, all_values};
}

kernels::HeadCache KvCache::head(int layer, int head) const {
  const std::size_t keys = head * head_floats();
  return {layers_[layer].chunks.data(), keys, keys + std::size_t{chunk_slots} * head_dim_};
}

void KvCache::get(int layer, int slot, float* key, float* value) const {
  for (int h = 0; h < kv_heads_; ++h, key += head_dim_, value += head_dim_) {
    const Place from = place(layers_[layer].chunks[slot / chunk_slots], head_floats(), h, slot, head_dim_);
    for (int d = 0; d < head_dim_; ++d) key[d] = from.key[d * block_slots];
    std::memcpy(value, from.value, head_dim_ * sizeof(float));
  }
}

}  // namespace splitwan::engine
