#include "engine/base/tensor_view.hh"

namespace splitwan::engine {
namespace {

struct Kind {
  std::string_view name;
  std::size_t size;
};
constexpr Kind kinds[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}};

}  // namespace

std::size_t size_of(DType type) { return kinds[static_cast<int>(type)].size; }
std::string_view name_of(DType type) { return kinds[static_cast<int>(type)].name; }

std::optional<DType> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kinds); ++i) {
    if (kinds[i].name == name) return static_cast<DType>(i);
  }
  return {};
}

std::int64_t TensorView::elements() const {
  return static_cast<std::int64_t>(data.size() / size_of(dtype));  // the shape's product may overflow
}

}  // namespace splitwan::engine
