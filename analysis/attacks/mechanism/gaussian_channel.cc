#include "analysis/attacks/mechanism/gaussian_channel.hh"

#include <ATen/ATen.h>

#include <cmath>

#include "engine/base/error.hh"
#include "engine/privacy/accountant.hh"

namespace splitwan::attacks {
namespace {

constexpr std::uint64_t normal_stream = 0x6e6f726d;

}  // namespace

double gaussian_deviation(const engine::BinomialSpec& spec, double delta) {
  check(spec, "mechanism: ");
  if (!(delta > 0 && delta < 1)) throw engine::Error("delta: expected above 0 and below 1, found {}", delta);
  const double epsilon = engine::Accountant(spec.row_rounds(), spec.corner()).epsilon(delta);
  return 2 * spec.clip * std::sqrt(static_cast<double>(spec.width)) / engine::gaussian_mu(epsilon, delta);
}

GaussianChannel::GaussianChannel(double deviation, double clip, const Maps& maps)
    : deviation_(deviation), latents_(maps, clip) {}

at::Tensor GaussianChannel::draw(const Rows& rows, std::uint64_t seed) const {
  const at::Tensor x = latents_.encode(rows.hidden);
  return x + at::empty_like(x).normal_(0, 1, generator_of(seed, normal_stream)) * deviation_;
}

Candidates GaussianChannel::candidates(const Rows& rows) const {
  const at::Tensor x = latents_.encode(rows.hidden).to(at::kDouble) / deviation_;
  return {x / deviation_, -0.5 * (x * x).sum(1), rows.tokens};
}

at::Tensor GaussianChannel::log_likelihood(const at::Tensor& seen, const Candidates& c) const {
  return at::addmm(c.offsets, seen.to(at::kDouble), c.points.t());
}

at::Tensor GaussianChannel::undisturbed(const at::Tensor& hidden) const {
  return latents_.decode(latents_.encode(hidden));
}

std::unique_ptr<Channel> make_gaussian_channel(const Mechanism& m, const Maps& maps, const Knowledge&) {
  return std::make_unique<GaussianChannel>(gaussian_deviation(m.binomial, m.delta), m.binomial.clip, maps);
}

}  // namespace splitwan::attacks
