#include "engine/wire/wire_type.hh"

#include <iterator>

#include "engine/base/error.hh"

namespace splitwan::engine {

constexpr std::string_view names[] = {"f32", "f16", "int8", "int4", "bf16"};

WireType wire_type_named(const std::string& name) {
  for (std::size_t i = 0; i < std::size(names); ++i) {
    if (names[i] == name) return static_cast<WireType>(i);
  }
  throw Error("wire '{}': expected {}", name, wire_types_text);
}

std::string_view name_of(WireType type) { return names[static_cast<int>(type)]; }

}  // namespace splitwan::engine
