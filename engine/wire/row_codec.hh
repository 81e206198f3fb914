// Rows of floats as small whole numbers: symmetric, a scale of the row's own. A value is scale x number, its
// error at most scale / 2. No torch.
#pragma once

#include <span>

#include "engine/base/types.hh"
#include "engine/wire/wire_type.hh"

namespace splitwan::engine {

// scale = largest magnitude / 127 (int8) or / 7 (int4), at least the smallest normal float; numbers are
// rounded to the nearest, ties to even. Layout of a row: scale (f32, little endian), then int8 each, or int4
// in two's complement, the earlier value in the low half. Throws Error naming the first value that is not
// finite.
Bytes encode_rows(std::span<const float> values, std::uint64_t width, WireType);

// payload_bytes() of them -> values. Throws Error on a scale or a number that the encoder never writes.
void decode_rows(std::span<const std::byte> payload, std::uint64_t width, WireType, std::span<float> values);

}  // namespace splitwan::engine
