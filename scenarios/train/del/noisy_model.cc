#include "scenarios/train/del/noisy_model.hh"

#include <c10/core/GradMode.h>

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Error;

namespace {

constexpr double least_share = 0.05, largest_share = 0.5;
constexpr int least_side = 8;  // tokens

}  // namespace

std::vector<Prompted> prompted(const WrittenText& text, std::uint64_t seed, std::uint64_t first) {
  const auto tokens = static_cast<int>(text.ids.size(1));
  const int side = std::min(least_side, tokens / 2);
  std::vector<Prompted> all;
  for (std::int64_t i = 0; i < text.ids.size(0); ++i) {
    const std::uint64_t which = first + static_cast<std::uint64_t>(i);
    engine::RandomBits random(seed ^ which * 0x9e3779b97f4a7c15);
    const double share = least_share + (largest_share - least_share) * random.uniform();
    all.push_back({.ids = text.ids[i],
                   .prompt = std::clamp(static_cast<int>(share * tokens), side, tokens - side),
                   .which = which});
    if (text.features.defined()) all.back().features = text.features[i];
  }
  return all;
}

NoisyModel::NoisyModel(const Frozen& frozen, NoisySetup setup) : frozen_(frozen), setup_(std::move(setup)) {
  const int layers = frozen.config.layers;
  if (setup_.tail < 0 || frozen.depth + setup_.tail >= layers)
    throw Error("tail: expected below {}, the model's layers less the depth, found {}", layers - frozen.depth,
                setup_.tail);
  if (!setup_.maps) return;
  if (setup_.weights.maps->model_width != frozen.config.width)
    throw Error("{}: expected maps of rows of {}, the model's width, found {}", setup_.weights.folder,
                frozen.config.width, setup_.weights.maps->model_width);
  if (setup_.noise) mechanism_.emplace(*setup_.noise, setup_.weights.maps, setup_.cap);
}

void NoisyModel::through_maps(std::span<float> row, engine::RandomBits& bits) const {
  if (mechanism_) {
    engine::Bytes sent(mechanism_->row_bytes());
    mechanism_->draw(row, bits, sent);
    mechanism_->read(sent, row);
    return;
  }
  const auto c = static_cast<float>(setup_.weights.clip);
  std::vector<float> latent(static_cast<std::size_t>(setup_.weights.maps->width));
  setup_.weights.maps->encode(row, latent);
  for (float& x : latent) x = std::clamp(x, -c, c);
  setup_.weights.maps->decode(latent, row);
}

Tensor NoisyModel::received(const Prompted& p, std::uint64_t draw) const {
  const at::NoGradGuard guard;
  const Tensor rows = frozen_.before(p.ids.narrow(0, 0, frozen_.context).unsqueeze(0)).contiguous();
  if (!setup_.maps) return rows;
  engine::RandomBits bits((draw << 32) ^ p.which);
  const auto width = static_cast<std::size_t>(rows.size(1));
  const std::int64_t leaving = setup_.noisy_continuation ? rows.size(0) : p.prompt;
  for (std::int64_t i = 0; i < leaving; ++i) through_maps({data(rows) + i * rows.size(1), width}, bits);
  return rows;
}

Tensor NoisyModel::hidden(const Tensor& received, const Tensor& soft_prompt) const {
  const std::int64_t prefix = soft_prompt.defined() ? soft_prompt.size(0) : 0, context = received.size(0);
  const int last = frozen_.config.layers - setup_.tail;
  Tensor x = prefix ? at::cat({soft_prompt, received}) : received;
  x = frozen_.layers(x, {frozen_.depth, last}, 1, static_cast<int>(prefix + context));
  if (prefix) x = x.narrow(0, prefix, context);
  return frozen_.layers(x, {last, frozen_.config.layers}, 1, static_cast<int>(context));
}

// The prompt's last row tells the first token of the continuation.
Tensor NoisyModel::logits(const Prompted& p, const Tensor& hidden) const {
  return logits_of(frozen_.model, frozen_.config, hidden.narrow(0, p.prompt - 1, p.counted()));
}

Tensor NoisyModel::targets(const Prompted& p) const { return p.ids.narrow(0, p.prompt, p.counted()); }

Tensor NoisyModel::loss_sum(const Prompted& p, std::uint64_t draw, const Tensor& soft_prompt) const {
  return cross_entropy_sum(logits(p, hidden(received(p, draw), soft_prompt)), targets(p));
}

Tensor NoisyModel::divergence_sum(const Prompted& p, std::uint64_t draw, const Tensor& soft_prompt) const {
  const Tensor thought = p.features.narrow(0, p.prompt - 1, p.counted()).to(at::kFloat);
  return imitation_sum(logits(p, hidden(received(p, draw), soft_prompt)),
                       at::linear(thought, frozen_.model.head), targets(p), {});
}

NoisyModel::Judged NoisyModel::judge(const Prompted& p, std::uint64_t draw, const Tensor& soft_prompt) const {
  return judge_received(p, received(p, draw), soft_prompt);
}

NoisyModel::Judged NoisyModel::judge_received(const Prompted& p, const Tensor& received,
                                              const Tensor& soft_prompt) const {
  const at::NoGradGuard guard;
  const Tensor scores = logits(p, hidden(received, soft_prompt));
  const Tensor likeliest = scores.argmax(1);
  const auto* ids = likeliest.data_ptr<std::int64_t>();
  Judged judged{.counted = p.counted(), .likeliest = {ids, ids + likeliest.numel()}};
  judged.loss = cross_entropy_sum(scores, targets(p)).item<float>();
  return judged;
}

}  // namespace splitwan::scenarios
