// What adds no noise: rows as they are, and latents that a wire codec rounds. Only the row that was sent
// gives what came, bit by bit; the likelihood of others falls with their distance, so that a search has
// something to follow where a prefix was guessed wrong.
#pragma once

#include "analysis/attacks/mechanism/channel.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::attacks {

class ExactChannel : public Channel {
 public:
  // Without maps: of the rows themselves.
  ExactChannel(const engine::Codec&, Maps);

  at::Tensor draw(const Rows&, std::uint64_t seed) const override;
  Candidates candidates(const Rows&) const override;
  at::Tensor log_likelihood(const at::Tensor& seen, const Candidates&) const override;
  at::Tensor decoded(const at::Tensor& seen) const override;
  at::Tensor undisturbed(const at::Tensor& hidden) const override;
  at::Tensor features(const at::Tensor& seen) const override { return seen; }

 private:
  at::Tensor sent(const at::Tensor& hidden) const;
  at::Tensor latents(const at::Tensor& hidden) const;
  const engine::Codec& codec_;
  Maps maps_;
};

std::unique_ptr<Channel> make_plain_channel(const Mechanism&, const Maps&, const Knowledge&);
std::unique_ptr<Channel> make_int4_channel(const Mechanism&, const Maps&, const Knowledge&);
std::unique_ptr<Channel> make_int8_channel(const Mechanism&, const Maps&, const Knowledge&);

}  // namespace splitwan::attacks
