// An activation tensor to its bytes on the wire and back.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/wire/wire.hh"
#include "engine/wire/wire_type.hh"

namespace splitwan::engine {

// [rows, width] -> payload_bytes(type, rows, width) of them. Throws Error when int8 or int4 meet NaN or
// infinity.
Bytes encode(const at::Tensor& hidden, WireType);
// On the device. Throws Error when the payload is not what rows, width and type of the header make, or the
// width is another.
at::Tensor decode(const Message&, int width, at::Device = at::kCPU);

}  // namespace splitwan::engine
