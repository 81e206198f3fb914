// How weights lie in memory once they are loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/tensor_view.hh"

namespace splitwan::engine {

// automatic: as the checkpoint has them (f32 stays f32, bf16 stays bf16, f16 stays f16).
enum class Storage : std::uint8_t { automatic, f32, bf16, f16, int8, int4 };

Storage storage_named(const std::string&);  // "auto", "f32", ...; throws Error
std::string_view name_of(Storage);
Storage storage_of(Storage wanted, DType on_disk);  // automatic made definite

}  // namespace splitwan::engine
