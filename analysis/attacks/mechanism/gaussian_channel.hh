// Latents, clamped as the binomial mechanism clamps them, and normal noise: the mechanism that DEL is
// compared with, at the same exact epsilon.
#pragma once

#include "analysis/attacks/mechanism/latents.hh"

namespace splitwan::attacks {

// The deviation with which two corners of the box, 2 c sqrt(d) apart, are exactly as far apart in (epsilon,
// delta) as under the binomial mechanism: both are each mechanism's worst pair.
double gaussian_deviation(const engine::BinomialSpec&, double delta);

class GaussianChannel : public Channel {
 public:
  GaussianChannel(double deviation, double clip, const Maps&);

  at::Tensor draw(const Rows&, std::uint64_t seed) const override;
  // ln of the density: -|z - x|^2 / 2 sigma^2, without |z|^2, which is of no candidate.
  Candidates candidates(const Rows&) const override;
  at::Tensor log_likelihood(const at::Tensor& seen, const Candidates&) const override;
  at::Tensor decoded(const at::Tensor& seen) const override { return latents_.decode(seen); }
  at::Tensor undisturbed(const at::Tensor& hidden) const override;
  at::Tensor features(const at::Tensor& seen) const override { return seen; }

 private:
  double deviation_;
  Latents latents_;
};

std::unique_ptr<Channel> make_gaussian_channel(const Mechanism&, const Maps&, const Knowledge&);

}  // namespace splitwan::attacks
