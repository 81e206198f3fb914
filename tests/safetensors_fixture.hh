// Tensors and raw files for the tests of the safetensors format.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>

#include "engine/safetensors.hh"

namespace splitwan::engine {

inline const std::vector<float> numbers = {1, -2.5, 3e30f, 0, 5, 6};
inline const std::vector<std::uint16_t> halves = {0x3c00, 0xbc00};

inline std::vector<TensorView> some_tensors() {
  return {{"a.weight", DType::f32, {2, 3}, std::as_bytes(std::span(numbers))},
          {"b", DType::f16, {2}, std::as_bytes(std::span(halves))},
          {"c", DType::bf16, {1, 1, 2}, std::as_bytes(std::span(halves))},
          {"scalar", DType::f32, {}, std::as_bytes(std::span(numbers).first(1))},
          {"none", DType::f32, {0, 4}, {}}};
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A file of `header` (as it is) and `data` zero bytes.
inline std::string file_of(const std::string& header, std::size_t data) {
  std::string bytes(8, 0);
  const std::uint64_t size = header.size();
  std::memcpy(bytes.data(), &size, 8);
  return bytes + header + std::string(data, 0);
}

}  // namespace splitwan::engine
