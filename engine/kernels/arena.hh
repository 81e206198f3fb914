// Memory for weights and caches: zeroed, page aligned, given by the system only when touched.
#pragma once

#include <cstddef>
#include <utility>

namespace splitwan::engine {

class Arena {
 public:
  Arena() = default;
  explicit Arena(std::size_t bytes);  // throws Error when there is not that much
  ~Arena();
  Arena(Arena&& other) noexcept { swap(other); }
  Arena& operator=(Arena&& other) noexcept {
    swap(other);
    return *this;
  }

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(data_);
  }

 private:
  void swap(Arena& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(whole_, other.whole_);
    std::swap(whole_size_, other.whole_size_);
  }
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  void* whole_ = nullptr;  // what was mapped
  std::size_t whole_size_ = 0;
};

// Scratch that only grows.
class Scratch {
 public:
  template <typename T>
  T* of(std::size_t count) {
    if (memory_.size() < count * sizeof(T)) memory_ = Arena(count * sizeof(T) * 5 / 4);
    return memory_.as<T>();
  }

 private:
  Arena memory_;
};

}  // namespace splitwan::engine
