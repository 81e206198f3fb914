#include "engine/layers/chunked_slots.hh"

#include <algorithm>
#include <cstring>

namespace splitwan::engine {

using kernels::block_slots, kernels::chunk_slots;

namespace {

constexpr std::uint64_t page = 4096;
std::uint64_t pages(std::uint64_t bytes) { return (bytes + page - 1) / page * page; }

// Keys of 16 slots lie together, dimension-major, so that one query meets 16 keys at once.
struct Place {
  float *key, *value;
};
Place place(const float* chunk, std::size_t head_floats, int head, int slot, int dim) {
  const int s = slot % chunk_slots, lane = s % block_slots;
  float* base = const_cast<float*>(chunk) + head * head_floats;
  return {base + (s - lane) * dim + lane, base + chunk_slots * dim + s * dim};
}

}  // namespace

void ChunkedSlots::fit(int slots, int) {
  const std::size_t chunks = (slots + chunk_slots - 1) / chunk_slots;
  const std::size_t most = chunks + 1;  // lest steps of changing size near a chunk's end take it and give it
  touched_ = std::max(slots, std::min(touched_, static_cast<int>(most) * chunk_slots));
  for (Layer& layer : layers_) {
    if (layer.memory.size() > most) {
      layer.memory.resize(most);
      layer.chunks.resize(most);
    }
    while (layer.memory.size() < chunks) {
      layer.memory.emplace_back(chunk_bytes());
      layer.chunks.push_back(layer.memory.back().as<float>());
    }
  }
}

std::uint64_t ChunkedSlots::bytes() const {
  const auto of_head = [&](int slots) {  // keys and values of one
    const auto used = static_cast<std::uint64_t>((slots + block_slots - 1) / block_slots * block_slots);
    return 2 * pages(used * head_dim_ * sizeof(float));
  };
  const std::uint64_t heads = layers_.size() * static_cast<std::uint64_t>(kv_heads_);
  return heads * (touched_ / chunk_slots * of_head(chunk_slots) + of_head(touched_ % chunk_slots));
}

void ChunkedSlots::put(int layer, int slot, const float* key, const float* value) {
  for (int h = 0; h < kv_heads_; ++h, key += head_dim_, value += head_dim_) {
    const Place to = place(layers_[layer].chunks[slot / chunk_slots], head_floats(), h, slot, head_dim_);
    for (int d = 0; d < head_dim_; ++d) to.key[d * block_slots] = key[d];
    std::memcpy(to.value, value, head_dim_ * sizeof(float));
  }
}

void ChunkedSlots::move(int from, int to) {
  for (Layer& layer : layers_) {
    for (int h = 0; h < kv_heads_; ++h) {
      const Place a = place(layer.chunks[from / chunk_slots], head_floats(), h, from, head_dim_);
      const Place b = place(layer.chunks[to / chunk_slots], head_floats(), h, to, head_dim_);
      for (int d = 0; d < head_dim_; ++d) b.key[d * block_slots] = a.key[d * block_slots];
      std::memcpy(b.value, a.value, head_dim_ * sizeof(float));
    }
  }
}

kernels::HeadCache ChunkedSlots::head(int layer, int head) const {
  const std::size_t keys = head * head_floats();
  return {layers_[layer].chunks.data(), keys, keys + std::size_t{chunk_slots} * head_dim_};
}

void ChunkedSlots::get(int layer, int slot, float* key, float* value) const {
  for (int h = 0; h < kv_heads_; ++h, key += head_dim_, value += head_dim_) {
    const Place from = place(layers_[layer].chunks[slot / chunk_slots], head_floats(), h, slot, head_dim_);
    for (int d = 0; d < head_dim_; ++d) key[d] = from.key[d * block_slots];
    std::memcpy(value, from.value, head_dim_ * sizeof(float));
  }
}

}  // namespace splitwan::engine
