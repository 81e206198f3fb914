// Activations on their way out and in: what the client's defences make of them, and the codec's bytes.
#pragma once

#include <ATen/core/Tensor.h>

#include "engine/party/transport.hh"
#include "engine/privacy/defences.hh"
#include "engine/wire/codecs.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

// hidden [rows, width] -> as the defences send it; `hidden` itself where none changes rows.
at::Tensor defended(const at::Tensor& hidden, const Defences&, std::uint64_t seed);

// [rows, width] -> a message with its payload and the header's dtype, rows and width.
Message encode(const at::Tensor& hidden, const Codec&);
// To float, on the device. Throws Error when the payload is not what the header's rows and the codec make of
// `width`, the header states another width, or a row is none that a layer can read (answers.hh). Without a
// codec: the one that the header names.
at::Tensor decode(const Message&, const Codec&, int width, at::Device = at::kCPU);
at::Tensor decode(const Message&, int width, at::Device = at::kCPU);

// Of either, for the clock.
Work codec_work(const Codec&, std::uint32_t rows, int width);

}  // namespace splitwan::engine
