#include "analysis/attacks/mechanism/latents.hh"

#include <ATen/ATen.h>

namespace splitwan::attacks {
namespace {

at::Tensor matrix_of(const std::vector<float>& values, int rows, int columns) {
  return at::tensor(values, at::kFloat).view({rows, columns});
}

}  // namespace

Latents::Latents(Maps maps, double clip)
    : maps_(std::move(maps)),
      clip_(clip),
      encoder_(matrix_of(maps_->encoder, maps_->width, maps_->model_width)),
      decoder_(matrix_of(maps_->decoder, maps_->model_width, maps_->width)) {}

at::Tensor Latents::encode(const at::Tensor& hidden) const {
  return at::linear(hidden, encoder_).clamp_(-clip_, clip_);
}

at::Tensor Latents::decode(const at::Tensor& latents) const { return at::linear(latents, decoder_); }

}  // namespace splitwan::attacks
