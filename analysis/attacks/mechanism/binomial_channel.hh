// DEL's binomial mechanism (arXiv 2602.11513) and its exact likelihood.
//
// Of counts K and a candidate's latent x, with q = 1/2 + x / 2A and s = x / A in (-1, 1):
//   sum_i K_i ln q_i + (u - K_i) ln(1 - q_i)
//     = sum_i (K_i - u/2) 2 artanh(s_i) + (u/2) ln(1 - s_i^2)  -  d u ln 2.
// The last term is of no candidate and left out, so that no digits are lost at small mu, where all chances
// are near 1/2; what is left is linear in the counts: one product of a row with a table of the candidates'.
#pragma once

#include "analysis/attacks/mechanism/latents.hh"

namespace splitwan::attacks {

class BinomialChannel : public Channel {
 public:
  BinomialChannel(const engine::BinomialSpec&, const Maps&);

  // Counts, by the mechanism's own code; kLong.
  at::Tensor draw(const Rows&, std::uint64_t seed) const override;
  Candidates candidates(const Rows&) const override;
  at::Tensor log_likelihood(const at::Tensor& seen, const Candidates&) const override;
  at::Tensor decoded(const at::Tensor& seen) const override;
  at::Tensor undisturbed(const at::Tensor& hidden) const override;
  at::Tensor features(const at::Tensor& seen) const override;  // what counts are read as

 private:
  engine::BinomialSpec spec_;
  Latents latents_;
};

std::unique_ptr<Channel> make_binomial_channel(const Mechanism&, const Maps&, const Knowledge&);

}  // namespace splitwan::attacks
