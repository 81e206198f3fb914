#include "engine/codec.hh"

#include <ATen/ATen.h>

#include <cstring>

#include "engine/device.hh"
#include "engine/error.hh"

namespace splitwan::engine {
namespace {

at::ScalarType scalar_type(WireType type) { return type == WireType::f32 ? at::kFloat : at::kHalf; }

}  // namespace

WireType wire_type_named(const std::string& name) {
  if (name == "f32") return WireType::f32;
  if (name == "f16") return WireType::f16;
  throw Error("wire type '{}': expected f32 or f16", name);
}

std::string_view name_of(WireType type) { return type == WireType::f32 ? "f32" : "f16"; }
std::size_t size_of(WireType type) { return type == WireType::f32 ? 4 : 2; }

Bytes encode(const at::Tensor& hidden, WireType type) {
  const at::Tensor wire = download(hidden.to(scalar_type(type)));
  Bytes out(wire.nbytes());
  std::memcpy(out.data(), wire.data_ptr(), out.size());
  return out;
}

at::Tensor decode(const Message& m, int width, at::Device device) {
  const Header& h = m.header;
  if (h.dtype > static_cast<std::uint8_t>(WireType::f16))
    throw Error("activation of unknown wire type {}", h.dtype);
  const auto type = static_cast<WireType>(h.dtype);
  const auto expected = static_cast<std::uint64_t>(h.rows) * width * size_of(type);
  if (h.width != static_cast<std::uint32_t>(width) || m.payload.size() != expected) {
    throw Error("activation of {} rows x {} in {} bytes: expected width {} and {} bytes of {}", h.rows,
                h.width, m.payload.size(), width, expected, name_of(type));
  }
  const at::Tensor wire = host_buffer({h.rows, width}, scalar_type(type), device);
  std::memcpy(wire.data_ptr(), m.payload.data(), m.payload.size());
  return upload(wire, device).to(at::kFloat);
}

}  // namespace splitwan::engine
