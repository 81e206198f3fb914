#include "engine/privacy/matrix_file.hh"

#include <algorithm>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {

Matrix read_matrix(const SafetensorsFile& file, const std::string& path, const std::string& name) {
  const auto found = std::ranges::find(file.tensors(), name, &TensorView::name);
  if (found == file.tensors().end()) throw Error("{}: tensor '{}' is missing", path, name);
  if (found->dtype != DType::f32 && found->dtype != DType::f16)
    throw Error("{}: tensor '{}': expected F32 or F16, found {}", path, name, name_of(found->dtype));
  if (found->shape.size() != 2 || found->shape[0] < 1 || found->shape[1] < 1 || found->elements() > 1 << 30)
    throw Error("{}: tensor '{}': expected a matrix, found {} dimensions", path, name, found->shape.size());
  Matrix m{static_cast<int>(found->shape[0]), static_cast<int>(found->shape[1]), {}};
  m.values.resize(static_cast<std::size_t>(found->elements()));
  if (found->dtype == DType::f32)
    std::memcpy(m.values.data(), found->data.data(), found->data.size());
  else
    codec_named("f16").decode(found->data, static_cast<std::uint64_t>(m.columns), m.values);
  return m;
}

}  // namespace splitwan::engine
