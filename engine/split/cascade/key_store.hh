// Keys and values of one shard, in every layer, by the numbers of their rows. No torch.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace splitwan::engine::cascade {

class KeyStore {
 public:
  KeyStore(int layers, int kv_width) : kv_width_(kv_width), layers_(static_cast<std::size_t>(layers)) {}

  // A row's keys and values, [2 kv_width], of a layer counted from 0. Its layers come in order: throws Error
  // where they do not.
  void put(int layer, std::int32_t number, const float* row);
  bool has(int layer, std::int32_t number) const;
  const float* key(int layer, std::int32_t number) const;
  const float* value(int layer, std::int32_t number) const { return key(layer, number) + kv_width_; }
  // Forgets those below `first` that are not among `kept`, which ascend.
  void keep(std::int32_t first, std::span<const std::int32_t> kept);

  std::size_t rows() const { return places_.size(); }

 private:
  struct Place {
    std::size_t slot = 0;
    int layers = 0;  // that have come
  };
  std::size_t row_floats() const { return 2 * static_cast<std::size_t>(kv_width_); }
  int kv_width_;
  std::unordered_map<std::int32_t, Place> places_;
  std::vector<std::size_t> free_;
  std::vector<std::vector<std::vector<float>>>
      layers_;  // by layer: chunks of rows, so that growing moves none
  static constexpr std::size_t chunk_rows = 64;
};

}  // namespace splitwan::engine::cascade
