#include "engine/kernels/storage.hh"

#include <algorithm>
#include <array>

#include "engine/base/error.hh"

namespace splitwan::engine {
namespace {

constexpr std::array<std::string_view, 6> names = {"auto", "f32", "bf16", "f16", "int8", "int4"};

}  // namespace

Storage storage_named(const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error("storage '{}': expected auto, f32, bf16, f16, int8 or int4", name);
  return static_cast<Storage>(found - names.begin());
}

std::string_view name_of(Storage storage) { return names[static_cast<std::size_t>(storage)]; }

Storage storage_of(Storage wanted, DType on_disk) {
  if (wanted != Storage::automatic) return wanted;
  return on_disk == DType::f32 ? Storage::f32 : on_disk == DType::bf16 ? Storage::bf16 : Storage::f16;
}

}  // namespace splitwan::engine
