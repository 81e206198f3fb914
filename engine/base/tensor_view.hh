// A tensor as it lies in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace splitwan::engine {

enum class DType : std::uint8_t { f32, f16, bf16 };
std::size_t size_of(DType);
std::string_view name_of(DType);  // "F32", "F16", "BF16"
std::optional<DType> dtype_named(std::string_view);

struct TensorView {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;
  std::int64_t elements() const;
};

}  // namespace splitwan::engine
