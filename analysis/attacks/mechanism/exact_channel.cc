#include "analysis/attacks/mechanism/exact_channel.hh"

#include <ATen/ATen.h>

#include "analysis/attacks/mechanism/latents.hh"

namespace splitwan::attacks {
namespace {

// Of a row's root mean square: how far a row may be off before it counts for little.
constexpr double blur = 1e-3;

}  // namespace

ExactChannel::ExactChannel(const engine::Codec& codec, Maps maps) : codec_(codec), maps_(std::move(maps)) {}

// By the map's own sums, whose bits depend on the row alone: a candidate's are then what the client's were.
at::Tensor ExactChannel::latents(const at::Tensor& hidden) const {
  const at::Tensor x = hidden.contiguous();
  at::Tensor out = at::empty({x.size(0), maps_->width}, at::kFloat);
  for (std::int64_t i = 0; i < x.size(0); ++i)
    maps_->encode({x.data_ptr<float>() + i * x.size(1), static_cast<std::size_t>(x.size(1))},
                  {out.data_ptr<float>() + i * out.size(1), static_cast<std::size_t>(out.size(1))});
  return out;
}

at::Tensor ExactChannel::sent(const at::Tensor& hidden) const {
  return round_trip(maps_ ? latents(hidden) : hidden, codec_).clone();
}

at::Tensor ExactChannel::draw(const Rows& rows, std::uint64_t) const { return sent(rows.hidden); }

Candidates ExactChannel::candidates(const Rows& rows) const { return {sent(rows.hidden), {}, rows.tokens}; }

at::Tensor ExactChannel::log_likelihood(const at::Tensor& seen, const Candidates& c) const {
  const at::Tensor of = seen.to(at::kDouble);
  const at::Tensor width = of.square().mean(1, true).sqrt_().clamp_min_(1e-30) * blur;
  return -0.5 * (at::cdist(of, c.points.to(at::kDouble), 2, /*compute_mode=*/2) / width).square();
}

at::Tensor ExactChannel::decoded(const at::Tensor& seen) const {
  return maps_ ? Latents(maps_, 1e30).decode(seen) : seen;
}

at::Tensor ExactChannel::undisturbed(const at::Tensor& hidden) const {
  return maps_ ? Latents(maps_, 1e30).decode(latents(hidden)) : hidden;
}

std::unique_ptr<Channel> make_plain_channel(const Mechanism&, const Maps&, const Knowledge&) {
  return std::make_unique<ExactChannel>(engine::lossless_codec(), nullptr);
}
std::unique_ptr<Channel> make_int4_channel(const Mechanism&, const Maps& maps, const Knowledge&) {
  return std::make_unique<ExactChannel>(engine::codec_named("int4"), maps);
}
std::unique_ptr<Channel> make_int8_channel(const Mechanism&, const Maps& maps, const Knowledge&) {
  return std::make_unique<ExactChannel>(engine::codec_named("int8"), maps);
}

}  // namespace splitwan::attacks
