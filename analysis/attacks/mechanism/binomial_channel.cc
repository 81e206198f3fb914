#include "analysis/attacks/mechanism/binomial_channel.hh"

#include <ATen/ATen.h>

#include "engine/privacy/binomial_rows.hh"

namespace splitwan::attacks {

BinomialChannel::BinomialChannel(const engine::BinomialSpec& spec, const Maps& maps)
    : spec_(spec), latents_(maps, spec.clip) {
  check(spec, "mechanism: ");
}

at::Tensor BinomialChannel::draw(const Rows& rows, std::uint64_t seed) const {
  const engine::BinomialRows mechanism(spec_, latents_.maps());
  engine::RandomBits bits(seed);  // one number a coordinate, in order: the same at every mu
  const at::Tensor x = rows.hidden.contiguous();
  const auto width = static_cast<std::size_t>(x.size(1)), d = static_cast<std::size_t>(spec_.width);
  at::Tensor counts = at::empty({x.size(0), spec_.width}, at::kLong);
  engine::Bytes packed(mechanism.row_bytes());
  std::vector<std::uint32_t> row(d);
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    mechanism.draw({x.data_ptr<float>() + i * x.size(1), width}, bits, packed);
    engine::unpack(packed, spec_.bits, row);
    std::ranges::copy(row, counts.data_ptr<std::int64_t>() + i * spec_.width);
  }
  return counts;
}

Candidates BinomialChannel::candidates(const Rows& rows) const {
  // The bound as a float lies above the bound: near A that is no small matter.
  const at::Tensor s =
      latents_.encode(rows.hidden).to(at::kDouble).clamp_(-spec_.clip, spec_.clip) / spec_.scale();
  return {2 * s.atanh(), (-s * s).log1p_().sum(1) * (spec_.rounds() / 2.0), rows.tokens};
}

at::Tensor BinomialChannel::log_likelihood(const at::Tensor& seen, const Candidates& c) const {
  const at::Tensor centred = seen.to(at::kDouble) - spec_.rounds() / 2.0;
  return at::addmm(c.offsets, centred, c.points.t());
}

at::Tensor BinomialChannel::features(const at::Tensor& seen) const {
  return ((seen.to(at::kDouble) * (2.0 / spec_.rounds()) - 1) * spec_.scale()).to(at::kFloat);
}

at::Tensor BinomialChannel::decoded(const at::Tensor& seen) const { return latents_.decode(features(seen)); }

at::Tensor BinomialChannel::undisturbed(const at::Tensor& hidden) const {
  return latents_.decode(latents_.encode(hidden));
}

std::unique_ptr<Channel> make_binomial_channel(const Mechanism& m, const Maps& maps, const Knowledge&) {
  return std::make_unique<BinomialChannel>(m.binomial, maps);
}

}  // namespace splitwan::attacks
