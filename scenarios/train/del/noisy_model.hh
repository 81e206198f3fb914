// The frozen model as a session of DEL has it (arXiv 2602.11513): rows through the maps and the mechanism,
// and a soft prompt in front of what the server reads.
#pragma once

#include <optional>
#include <span>

#include "engine/privacy/binomial_rows.hh"
#include "engine/privacy/del_weights.hh"
#include "scenarios/train/del/frozen.hh"

namespace splitwan::scenarios {

// A window, the first of whose tokens are the prompt.
struct Prompted {
  at::Tensor ids;            // [context + 1]
  int prompt = 0;            // tokens; those behind are the continuation, and counted
  at::Tensor features = {};  // as WrittenText's, [context, b]
  std::uint64_t which = 0;   // of all windows: its noise is drawn for it

  int counted() const { return static_cast<int>(ids.size(0)) - prompt; }
};

// Windows with prompts of a share that is uniform in [.05, .5], 8 tokens or more on each
// side where there are as many (as the paper's training has them). first: the number of the first.
std::vector<Prompted> prompted(const WrittenText&, std::uint64_t seed, std::uint64_t first);

struct NoisySetup {
  engine::DelWeights weights;
  bool maps = true;                                // false: clean rows, the undefended model
  std::optional<engine::BinomialSpec> noise = {};  // none: the maps alone
  double cap = 0;                                  // largest length of a latent as it is read; 0: any
  bool noisy_continuation = false;  // every row leaves through the maps; false, as published: the prompt's
  int tail = 0;  // last layers, which rows reach without the soft prompt's (0 as published)
};

class NoisyModel {
 public:
  // Throws Error where depth and tail leave no layer to the server, and where widths differ.
  NoisyModel(const Frozen&, NoisySetup);

  const NoisySetup& setup() const { return setup_; }
  // Rows [context, b] as the server reads them. draw: which of the noise's; the same repeats.
  at::Tensor received(const Prompted&, std::uint64_t draw) const;
  // Those through all further layers, behind the soft prompt's rows [P, b] (undefined: none): [context, b].
  at::Tensor hidden(const at::Tensor& received, const at::Tensor& soft_prompt) const;
  // Of the continuation, nats; differentiable in the soft prompt.
  at::Tensor loss_sum(const Prompted&, std::uint64_t draw, const at::Tensor& soft_prompt) const;

  // Likewise, of the divergence from what the undefended model thought, which the window's features say: on
  // text that it wrote the same gradient in the mean, without the chance of which tokens it drew.
  at::Tensor divergence_sum(const Prompted&, std::uint64_t draw, const at::Tensor& soft_prompt) const;

  struct Judged {
    double loss = 0;  // sum over the counted tokens, nats
    int counted = 0;
    std::vector<std::int64_t> likeliest = {};  // ids, one for each counted token
  };
  Judged judge(const Prompted&, std::uint64_t draw, const at::Tensor& soft_prompt) const;
  // Of rows that came otherwise.
  Judged judge_received(const Prompted&, const at::Tensor& received, const at::Tensor& soft_prompt) const;

 private:
  at::Tensor logits(const Prompted&, const at::Tensor& hidden) const;  // [counted, vocabulary]
  at::Tensor targets(const Prompted&) const;
  void through_maps(std::span<float> row, engine::RandomBits&) const;

  const Frozen& frozen_;
  NoisySetup setup_;
  std::optional<engine::BinomialRows> mechanism_;
};

}  // namespace splitwan::scenarios
