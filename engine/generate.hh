// The one decoding loop: propose, run, verify, commit. Greedy.
#pragma once

#include "engine/drafters.hh"
#include "engine/forward.hh"

namespace splitwan::engine {

struct GenerateOptions {
  int max_new_tokens = 64;
  bool stop_at_eos = true;
  // Called once per committed token: the logits it was chosen from [vocabulary].
  std::function<void(Token, const at::Tensor& logits)> on_token;
};

struct Generation {
  std::vector<Token> output;
  std::string finish;        // "length", "eos", or "context": the model's context is full
  std::uint64_t steps = 0;   // forward passes, the prompt's included
  Nanos prefill{}, total{};  // until the first token; until the last
};

// Throws Error when the prompt is empty, holds ids outside the vocabulary, or fills the context.
Generation generate(Party&, Forward&, Drafter&, const ModelConfig&, std::span<const Token> prompt,
                    const GenerateOptions&);

}  // namespace splitwan::engine
