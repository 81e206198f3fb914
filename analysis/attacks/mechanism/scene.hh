// One mechanism on one model after `depth` layers: what is sent of a text, and how likely that is of any
// other.
#pragma once

#include <memory>

#include "analysis/attacks/exam/stop.hh"
#include "analysis/attacks/mechanism/channel.hh"

namespace splitwan::attacks {

struct MechanismView {
  const Knowledge& knowledge;
  int depth = 0;  // layers before the mechanism
  Maps maps;      // nullptr where the mechanism needs none
  Mechanism mechanism;
  std::uint64_t seed = 1;  // of the coins
};

// Rows of one text as they came. The first token is known; no other is in here.
struct Sent {
  at::Tensor seen;  // [rows, ..]
  Token first = 0;
  at::Tensor likelihood;  // [rows, vocabulary]; undefined where it depends on what went before
  std::int64_t rows() const { return seen.size(0); }
};

class Scene {
 public:
  // Throws Error naming the key.
  explicit Scene(const MechanismView&);

  const Knowledge& knowledge() const { return knowledge_; }
  const Channel& channel() const { return *channel_; }
  // Behind layers a row depends on the tokens before it.
  bool prefix_matters() const { return depth_ > 0 && !channel_->by_token(); }

  // Text `index` through the mechanism, its coins a function of the seed and `index`; `fresh` tells draws for
  // training from those that are attacked.
  Sent send(const Text&, std::size_t index, std::uint64_t fresh = 0) const;

  // ln P(row came | token) of each token as the next after a prefix, which is everything before: [tokens].
  at::Tensor log_likelihood(const Sent&, std::int64_t row, std::span<const Token> prefix,
                            std::span<const Token> tokens) const;
  at::Tensor log_likelihood(const Sent&, std::int64_t row, std::span<const Token> prefix) const;  // of all

  // What the published attack compares with: rows of the vocabulary behind the first token alone, without
  // noise.
  at::Tensor undisturbed() const;

 private:
  at::Tensor rows_after(std::span<const Token> prefix, std::span<const Token> tokens) const;
  const Knowledge& knowledge_;
  int depth_;
  std::uint64_t seed_;
  std::unique_ptr<Channel> channel_;
  Candidates vocabulary_;  // where the prefix does not matter
};

}  // namespace splitwan::attacks
