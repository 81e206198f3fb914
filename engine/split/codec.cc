#include "engine/split/codec.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"
#include "engine/wire/row_codec.hh"

namespace splitwan::engine {
namespace {

bool is_whole(WireType type) { return type == WireType::int8 || type == WireType::int4; }

at::ScalarType scalar_type(WireType type) {
  return type == WireType::f16 ? at::kHalf : type == WireType::bf16 ? at::kBFloat16 : at::kFloat;
}

std::span<float> values_of(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

}  // namespace

Bytes encode(const at::Tensor& hidden, WireType type) {
  const at::Tensor wire = download(hidden.to(scalar_type(type)));
  if (is_whole(type)) return encode_rows(values_of(wire), static_cast<std::uint64_t>(wire.size(1)), type);
  Bytes out(wire.nbytes());
  std::memcpy(out.data(), wire.data_ptr(), out.size());
  return out;
}

at::Tensor decode(const Message& m, int width, at::Device device) {
  const Header& h = m.header;
  if (h.dtype > static_cast<std::uint8_t>(WireType::bf16))
    throw Error("activation of unknown wire type {}", h.dtype);
  const auto type = static_cast<WireType>(h.dtype);
  const std::uint64_t expected = payload_bytes(type, h.rows, static_cast<std::uint64_t>(width));
  if (h.width != static_cast<std::uint32_t>(width) || m.payload.size() != expected) {
    throw Error("activation of {} rows x {} in {} bytes: expected width {} and {} bytes of {}", h.rows,
                h.width, m.payload.size(), width, expected, name_of(type));
  }
  const at::Tensor wire = host_buffer({h.rows, width}, scalar_type(type), device);
  if (is_whole(type)) {
    decode_rows(m.payload, h.width, type, values_of(wire));
  } else {
    std::memcpy(wire.data_ptr(), m.payload.data(), m.payload.size());
  }
  return upload(wire, device).to(at::kFloat);
}

}  // namespace splitwan::engine
