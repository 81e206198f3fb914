// The safetensors file format: u64 header length, JSON header, raw little-endian tensors. Memory-mapped
// reading.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.hh"

namespace splitwan::engine {

enum class DType : std::uint8_t { f32, f16, bf16 };
std::size_t size_of(DType);
std::string_view name_of(DType);  // "F32", "F16", "BF16"

struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
  std::int64_t elements() const;
};

class SafetensorsFile {
 public:
  // Throws Error naming the file (and tensor) on a truncated file, a header over 100 MB, unknown dtypes,
  // sizes that disagree with shapes, tensors that overlap or leave the file.
  explicit SafetensorsFile(const std::string& path);
  ~SafetensorsFile();
  SafetensorsFile(SafetensorsFile&&) noexcept;
  const std::vector<TensorView>& tensors() const { return tensors_; }  // views live as long as this object
  // Lets go of the memory that reading has taken; what is read again comes back by itself.
  void release() const;

 private:
  struct Map;
  std::unique_ptr<Map> map_;
  std::vector<TensorView> tensors_;
};

// Writes whole or not at all. Views may point anywhere.
void write_safetensors(const std::string& path, std::span<const TensorView>);

}  // namespace splitwan::engine
