// What the mechanism costs a reader: perplexity over the continuation's tokens, and how often the likeliest
// next token is still the undefended model's.
#pragma once

#include "analysis/attacks/mechanism/channel.hh"
#include "scenarios/study/resample.hh"
#include "scenarios/train/del/noisy_model.hh"

namespace splitwan::scenarios {

// Of every window.
struct Losses {
  std::vector<double> nats, counted, agreed;  // sums; agreed: with `clean`'s likeliest tokens
  std::vector<std::vector<std::int64_t>> likeliest;
};

struct Judging {
  std::span<const Prompted> windows;
  const Losses* clean = nullptr;  // of the undefended model; nullptr: this is it
  int threads = 1;
};

// Each window with noise of its own.
Losses judge(const Judging&, const NoisyModel&, const at::Tensor& soft_prompt);
// Prompts through another mechanism; continuations as they are.
Losses judge(const Judging&, const Frozen&, const NoisyModel& clean, const attacks::Channel&,
             std::uint64_t seed);

// Continuations behind the first token alone: what a reader has who is told nothing of the prompt.
Losses judge_blind(const Judging&, const Frozen&);

Interval perplexity(const Losses&, std::uint64_t seed);
Interval agreement(const Losses&, std::uint64_t seed);
// By how many nats a token the second lies below the first, window by window.
Interval gain(const Losses& without, const Losses& with, std::uint64_t seed);

}  // namespace splitwan::scenarios
