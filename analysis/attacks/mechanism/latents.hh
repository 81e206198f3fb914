// The maps as tensors.
#pragma once

#include "analysis/attacks/mechanism/channel.hh"

namespace splitwan::attacks {

class Latents {
 public:
  Latents(Maps, double clip);
  at::Tensor encode(const at::Tensor& hidden) const;   // [rows, width] -> [rows, d], clamped to the box
  at::Tensor decode(const at::Tensor& latents) const;  // and back
  int width() const { return maps_->width; }
  double clip() const { return clip_; }
  const Maps& maps() const { return maps_; }

 private:
  Maps maps_;
  double clip_;
  at::Tensor encoder_, decoder_;
};

}  // namespace splitwan::attacks
