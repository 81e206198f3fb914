// RANTEXT of InferDPT (arXiv 2310.12214; its authors' code, github.com/mengtong0110/InferDPT, func.py): a
// token is exchanged for another of a list drawn around it.
//
//   noise_j ~ Laplace(0, D_j / f(epsilon)) for each coordinate j of the embedding, D_j = max - min of column
//   j; f(epsilon) = epsilon below 2, else 0.0165816 ln(19.06472 epsilon - 38.12943) + 9.311084 r = |noise|;
//   the list of t: every token v with |e_v - e_t| < r (t itself is one) P(v | t, r) proportional to
//   exp((epsilon / 2) (1 - |e_v - e_t| / r)) over the list
//
// r is independent of the token, so that P(v | t) is an average over r: over quantiles of many draws of it.
// Within a list no token is more than e^(epsilon / 2) times as likely as another. Of two tokens whose lists
// are the whole vocabulary, which r makes of nearly all at small epsilon, any result is at most e^epsilon
// times as likely under one as under the other: that is the stated bound. Of shorter lists it does not hold:
// what is not listed has probability 0. Not taken over: digits exchanged at random, and words for tokens.
#pragma once

#include "analysis/attacks/mechanism/channel.hh"
#include "engine/privacy/random_bits.hh"

namespace splitwan::attacks {

class Rantext : public Channel {
 public:
  // embedding: [vocabulary, width].
  Rantext(at::Tensor embedding, double epsilon);

  double radius(engine::RandomBits&) const;  // r, drawn
  // P(. | t, r) of each token given: [tokens, vocabulary], double.
  at::Tensor transition(std::span<const Token>, double radius) const;
  // ln P(seen | t) of all t: [seen, vocabulary], double.
  at::Tensor log_probability(std::span<const Token> seen) const;

  at::Tensor draw(const Rows&, std::uint64_t seed) const override;  // tokens, [rows, 1], kLong
  Candidates candidates(const Rows& rows) const override { return {{}, {}, rows.tokens}; }
  at::Tensor log_likelihood(const at::Tensor& seen, const Candidates&) const override;
  bool by_token() const override { return true; }
  at::Tensor features(const at::Tensor& seen) const override;

 private:
  at::Tensor weights(const at::Tensor& distances, double radius) const;
  at::Tensor distances(std::span<const Token>) const;  // [tokens, vocabulary], double
  at::Tensor embedding_, scale_;
  double epsilon_;
  std::vector<double> radii_;  // quantiles
  at::Tensor totals_;          // [quantiles, vocabulary]: what the weights of a token's list add up to
};

std::unique_ptr<Channel> make_rantext_channel(const Mechanism&, const Maps&, const Knowledge&);

}  // namespace splitwan::attacks
