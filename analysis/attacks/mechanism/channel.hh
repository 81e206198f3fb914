// A mechanism as an attacker knows it who knows everything but the tokens and the coins: what comes out of a
// row, and how likely that is of any row. Attackers act on this, never on a mechanism.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/attacks/mechanism/knowledge.hh"
#include "engine/privacy/binomial.hh"
#include "engine/privacy/projection.hh"

namespace splitwan::attacks {

// Rows as the mechanism takes them, below each other, and the tokens that they are of.
struct Rows {
  at::Tensor hidden;  // [rows, model width]
  std::span<const Token> tokens;
};

// What a likelihood needs of rows that might have been sent, computed once for all that came.
struct Candidates {
  at::Tensor points, offsets;  // [candidates, ..], [candidates]; meaning: the channel's
  std::span<const Token> tokens;
};

class Channel {
 public:
  Channel() = default;
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;

  // What the server gets of one document's rows: [rows, ..]. A function of the seed; the same coins at every
  // strength of the mechanism, so that two strengths differ by no luck.
  virtual at::Tensor draw(const Rows&, std::uint64_t seed) const = 0;

  virtual Candidates candidates(const Rows&) const = 0;
  // [rows seen, candidates], double: ln P(seen | candidate) but for a constant of the row seen.
  virtual at::Tensor log_likelihood(const at::Tensor& seen, const Candidates&) const = 0;

  // Whether it looks at a row's token alone: what went before is of no importance then, at any depth.
  virtual bool by_token() const { return false; }

  // Rows as the server reads them, and rows as it would read them without noise: [rows, model width]. Not
  // defined where no vector is sent.
  virtual at::Tensor decoded(const at::Tensor& /*seen*/) const { return {}; }
  virtual at::Tensor undisturbed(const at::Tensor& /*hidden*/) const { return {}; }
  // What a network learns from: [rows, ..], float.
  virtual at::Tensor features(const at::Tensor& seen) const = 0;
};

struct Mechanism {
  std::string kind = "binomial";  // a row of channel_kinds()
  engine::BinomialSpec binomial;  // gaussian: of the same exact epsilon; int4, int8: its width alone counts
  double delta = 1e-5;            // at which the Gaussian's epsilon equals the binomial's
  double epsilon = 1;             // of rantext
};

using Maps = std::shared_ptr<const engine::Projection>;

// To make one: a file beside this one and a row in channels.cc.
struct ChannelKind {
  std::string_view name, help;
  double engine::BinomialSpec::*by_mu = nullptr;  // what its strength is: one of these two, or neither
  double Mechanism::*by_own = nullptr;
  bool maps = true;  // needs an encoder and a decoder
  std::unique_ptr<Channel> (*make)(const Mechanism&, const Maps&, const Knowledge&);

  std::string_view strength() const { return by_mu ? "mu" : by_own ? "epsilon" : ""; }
};
const std::vector<ChannelKind>& channel_kinds();
const ChannelKind& channel_kind(std::string_view);  // throws Error with the names that there are
// The mechanism, as strong as this. Throws Error where its kind knows no strengths.
Mechanism with_strength(Mechanism, double);
// Throws Error naming the key.
std::unique_ptr<Channel> make_channel(const Mechanism&, const Maps&, const Knowledge&);

}  // namespace splitwan::attacks
