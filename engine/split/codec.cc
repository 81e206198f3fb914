#include "engine/split/codec.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"
#include "engine/split/answers.hh"

namespace splitwan::engine {
namespace {

std::span<float> values_of(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

}  // namespace

at::Tensor defended(const at::Tensor& hidden, const Defences& defences, std::uint64_t seed) {
  if (!defences.change_rows()) return hidden;
  const at::Tensor changed = download(hidden).clone();
  defences.change(values_of(changed), static_cast<std::uint64_t>(changed.size(1)), seed);
  return upload(changed, hidden.device());
}

Message encode(const at::Tensor& hidden, const Codec& codec) {
  Message m;
  const at::Tensor values = download(hidden.to(at::kFloat));
  const auto width = static_cast<std::uint64_t>(values.size(1));
  m.header.dtype = codec.label().id;
  m.header.rows = static_cast<std::uint32_t>(values.size(0));
  m.header.width = static_cast<std::uint32_t>(codec.wire_width(width));
  m.payload = encode_rows(codec, values_of(values), width);
  return m;
}

at::Tensor decode(const Message& m, const Codec& codec, int width, at::Device device) {
  const Header& h = m.header;
  const auto values = static_cast<std::uint64_t>(width);
  const std::uint64_t columns = codec.wire_width(values), bytes = h.rows * codec.row_bytes(values);
  if (h.dtype != codec.label().id)
    throw Error("activation of wire type {}: expected {}, {}", h.dtype, codec.label().id, codec.name());
  if (h.width != columns || m.payload.size() != bytes) {
    throw Error("activation of {} rows x {} in {} bytes: expected width {} and {} bytes of {}", h.rows,
                h.width, m.payload.size(), columns, bytes, codec.name());
  }
  const at::Tensor host = host_buffer({h.rows, width}, at::kFloat, device);
  codec.decode(m.payload, values, values_of(host));
  check_rows(values_of(host), values);
  return upload(host, device);
}

at::Tensor decode(const Message& m, int width, at::Device device) {
  return decode(m, codec_numbered(m.header.dtype), width, device);
}

Work codec_work(const Codec& codec, std::uint32_t rows, int width) {
  const auto [flops, bytes] = codec.cost(rows, static_cast<std::uint64_t>(width));
  return {Phase::codec, rows, 0, flops, bytes};
}

}  // namespace splitwan::engine
