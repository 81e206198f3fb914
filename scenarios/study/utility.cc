#include "scenarios/study/utility.hh"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <cmath>

#include "scenarios/train/step.hh"

namespace splitwan::scenarios {
namespace {

using JudgeOne = std::function<NoisyModel::Judged(const Prompted&)>;

Losses judge_all(const Judging& j, const JudgeOne& one) {
  const std::size_t n = j.windows.size();
  Losses all{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n),
             std::vector<std::vector<std::int64_t>>(n)};
  std::atomic<std::size_t> next = 0;
  in_parallel(static_cast<std::size_t>(j.threads), [&](std::size_t) {
    const at::NoGradGuard guard;
    for (std::size_t i; (i = next.fetch_add(1)) < n;) {
      auto judged = one(j.windows[i]);
      all.nats[i] = judged.loss, all.counted[i] = judged.counted;
      const auto& theirs = j.clean ? j.clean->likeliest[i] : judged.likeliest;
      for (std::size_t t = 0; t < theirs.size(); ++t) all.agreed[i] += theirs[t] == judged.likeliest[t];
      all.likeliest[i] = std::move(judged.likeliest);
    }
  });
  return all;
}

// The prompt's rows as the server reads them from the channel.
at::Tensor received(const Frozen& frozen, const NoisyModel& clean, const attacks::Channel& channel,
                    const Prompted& p, std::uint64_t seed) {
  const at::Tensor rows = clean.received(p, 0);
  const auto* ids = p.ids.data_ptr<std::int64_t>();
  const std::vector<engine::Token> tokens(ids, ids + p.prompt);
  const at::Tensor seen = channel.draw({rows.narrow(0, 0, p.prompt), tokens}, seed ^ p.which);
  const at::Tensor read = channel.decoded(seen);
  rows.narrow(0, 0, p.prompt)
      .copy_(read.defined() ? read : at::embedding(frozen.model.embedding, seen.flatten()));
  return rows;
}

}  // namespace

Losses judge(const Judging& j, const NoisyModel& model, const at::Tensor& soft_prompt) {
  constexpr std::uint64_t draw = 0x6a756467;  // no draw of training's
  return judge_all(j, [&](const Prompted& p) { return model.judge(p, draw, soft_prompt); });
}

Losses judge(const Judging& j, const Frozen& frozen, const NoisyModel& clean, const attacks::Channel& channel,
             std::uint64_t seed) {
  return judge_all(j, [&](const Prompted& p) {
    return clean.judge_received(p, received(frozen, clean, channel, p, seed), {});
  });
}

Losses judge_blind(const Judging& j, const Frozen& f) {
  return judge_all(j, [&](const Prompted& p) {
    const at::Tensor ids = at::cat({p.ids.narrow(0, 0, 1), p.ids.narrow(0, p.prompt, p.counted())});
    const at::Tensor x = at::embedding(f.model.embedding, ids.narrow(0, 0, p.counted()));
    const at::Tensor y = f.layers(x, {0, f.config.layers}, 1, p.counted());
    const at::Tensor scores = logits_of(f.model, f.config, y), likeliest = scores.argmax(1);
    const auto* best = likeliest.data_ptr<std::int64_t>();
    return NoisyModel::Judged{cross_entropy_sum(scores, ids.narrow(0, 1, p.counted())).item<float>(),
                              p.counted(),
                              {best, best + likeliest.numel()}};
  });
}

Interval perplexity(const Losses& l, std::uint64_t seed) {
  const Interval nats = ratio_of_sums(l.nats, l.counted, seed);
  return {std::exp(nats.value), std::exp(nats.low), std::exp(nats.high)};
}

Interval agreement(const Losses& l, std::uint64_t seed) { return ratio_of_sums(l.agreed, l.counted, seed); }

Interval gain(const Losses& without, const Losses& with, std::uint64_t seed) {
  std::vector<double> less(with.nats.size());
  for (std::size_t i = 0; i < less.size(); ++i) less[i] = without.nats[i] - with.nats[i];
  return ratio_of_sums(less, with.counted, seed);
}

}  // namespace splitwan::scenarios
