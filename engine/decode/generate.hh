// The one decoding loop: propose, run, verify, commit.
#pragma once

#include "engine/drafters/drafter.hh"
#include "engine/drafters/sampler.hh"
#include "engine/split/forward.hh"

namespace splitwan::engine {

struct GenerateOptions {
  int max_new_tokens = 64;
  bool stop_at_eos = true;
  // Called once per committed token: the logits it was chosen from [vocabulary].
  std::function<void(Token, const at::Tensor& logits)> on_token = {};
  // Called once per committed token that does not end the text: true ends the output with it.
  std::function<bool(Token)> stop = {};
  Sampling sampling = {};
  // Called once per step: its rows, and those that were kept.
  std::function<void(const TokenBatch&, std::span<const std::int32_t> kept)> on_step = {};
  // Called once per step, when it is over: where its time went.
  std::function<void(const Step&, std::span<const Span>, std::span<const Outage>)> on_time = {};
  std::vector<Token> more_ends = {};  // of the text, beside the model's own
};

struct Generation {
  std::vector<Token> output;
  std::string finish;        // "length", "eos", "stop", or "context": the model's context is full
  std::uint64_t steps = 0;   // forward passes, the prompt's included
  Nanos prefill{}, total{};  // until the first token; until the last
};

// What no generation can begin with: throws Error, as generate() does.
void check_request(const ModelConfig&, std::span<const Token> prompt, const GenerateOptions&);

// Throws Error when the prompt is empty, holds ids outside the vocabulary, or fills the context; also on
// options out of range.
Generation generate(Party&, Forward&, Drafter&, const ModelConfig&, std::span<const Token> prompt,
                    const GenerateOptions&);

}  // namespace splitwan::engine
