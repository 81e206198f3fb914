// What an activation looks like on the wire.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "engine/wire.hh"

namespace splitwan::engine {

// f32 crosses as computed: split equals local bit for bit. f16 halves the bytes and rounds.
enum class WireType : std::uint8_t { f32 = 0, f16 = 1 };
WireType wire_type_named(const std::string&);  // throws Error
std::string_view name_of(WireType);
std::size_t size_of(WireType);  // bytes per value

Bytes encode(const at::Tensor& hidden, WireType);  // [rows, width]
// On the device. Throws Error when the payload is not rows x width values of the header's type, or the width
// is another.
at::Tensor decode(const Message&, int width, at::Device = at::kCPU);

}  // namespace splitwan::engine
