#include "engine/split/cascade/key_store.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::engine::cascade {

void KeyStore::put(int layer, std::int32_t number, const float* row) {
  auto found = places_.find(number);
  if (found == places_.end()) {
    const std::size_t slot = free_.empty() ? places_.size() : free_.back();
    if (!free_.empty()) free_.pop_back();
    found = places_.emplace(number, Place{slot, 0}).first;
  }
  Place& place = found->second;
  if (place.layers != layer)
    throw Error("row {} comes with layer {} of those here: expected layer {}", number, layer, place.layers);
  ++place.layers;
  auto& chunks = layers_[static_cast<std::size_t>(layer)];
  while (chunks.size() <= place.slot / chunk_rows) chunks.emplace_back(chunk_rows * row_floats());
  std::copy_n(row, row_floats(),
              chunks[place.slot / chunk_rows].data() + place.slot % chunk_rows * row_floats());
}

bool KeyStore::has(int layer, std::int32_t number) const {
  const auto found = places_.find(number);
  return found != places_.end() && found->second.layers > layer;
}

const float* KeyStore::key(int layer, std::int32_t number) const {
  const std::size_t slot = places_.at(number).slot;
  return layers_[static_cast<std::size_t>(layer)][slot / chunk_rows].data() +
         slot % chunk_rows * row_floats();
}

void KeyStore::keep(std::int32_t first, std::span<const std::int32_t> kept) {
  for (auto it = places_.begin(); it != places_.end();) {
    if (it->first < first && !std::ranges::binary_search(kept, it->first)) {
      free_.push_back(it->second.slot);
      it = places_.erase(it);
    } else {
      ++it;
    }
  }
}

}  // namespace splitwan::engine::cascade
