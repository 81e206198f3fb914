#include "engine/split/mechanism.hh"

#include <ATen/ATen.h>

#include "engine/base/error.hh"
#include "engine/layers/device.hh"

namespace splitwan::engine {
namespace {

BinomialRows rows_of(const MechanismTerms& terms, const DelWeights& weights, int begins) {
  const BinomialSpec& spec = terms.spec;
  if (weights.depth != begins)
    throw Error("{}: maps for rows after {} layers: the server's layers begin at {}", weights.folder,
                weights.depth, begins);
  if (spec.width != weights.maps->width || spec.clip != weights.clip)
    throw Error("the client's rows have {} coordinates clamped to {:g}: {} has a decoder for {} and {:g}",
                spec.width, spec.clip, weights.folder, weights.maps->width, weights.clip);
  return {spec, weights.maps, terms.cap};
}

at::Tensor tensor_of(const SoftPrompt& prompt) {
  at::Tensor t = at::empty({prompt.rows, prompt.model_width}, at::kFloat);
  std::ranges::copy(prompt.values, t.data_ptr<float>());
  return t;
}

}  // namespace

Message encode(const at::Tensor& hidden, Releases& releases, std::span<const Releases::RowId> ids) {
  Message m;
  const at::Tensor values = download(hidden.to(at::kFloat)).contiguous();
  m.header.dtype = mechanism_dtype;
  m.header.rows = static_cast<std::uint32_t>(values.size(0));
  m.header.width = static_cast<std::uint32_t>(releases.mechanism().spec().width);
  m.payload = releases.release({values.data_ptr<float>(), static_cast<std::size_t>(values.numel())}, ids);
  return m;
}

Work mechanism_work(const BinomialRows& mechanism, std::uint32_t rows) {
  const auto [flops, bytes] = mechanism.cost(rows);
  return {Phase::codec, rows, 0, flops, bytes};
}

MechanismReader::MechanismReader(const MechanismTerms& terms, const DelWeights& weights, int begins)
    : rows_(rows_of(terms, weights, begins)),
      model_width_(weights.maps->model_width),
      soft_prompt_(tensor_of(read_soft_prompt_for(weights, terms.spec, terms.soft_prompt))) {}

at::Tensor MechanismReader::decode(const Message& m, at::Device device) const {
  const Header& h = m.header;
  const std::uint64_t row = rows_.row_bytes(), bytes = h.rows * row;
  if (h.width != static_cast<std::uint32_t>(rows_.spec().width) || m.payload.size() != bytes)
    throw Error("counts of {} rows x {} in {} bytes: expected width {} and {} bytes", h.rows, h.width,
                m.payload.size(), rows_.spec().width, bytes);
  const at::Tensor host = host_buffer({h.rows, model_width_}, at::kFloat, device);
  const auto width = static_cast<std::size_t>(model_width_);
  for (std::size_t i = 0; i < h.rows; ++i)
    rows_.read(std::span(m.payload).subspan(i * row, row), {host.data_ptr<float>() + i * width, width});
  return upload(host, device);
}

}  // namespace splitwan::engine
