#include "scenarios/train/del/frozen.hh"

#include <c10/core/GradMode.h>

#include "engine/base/error.hh"
#include "scenarios/train/state.hh"
#include "scenarios/train/teacher.hh"

namespace splitwan::scenarios {

using at::Tensor;
using engine::Error;

namespace {

constexpr int together = 64;  // windows that are written at a time

}  // namespace

Frozen::Frozen(const std::string& folder, int depth_, int context_, int prefix)
    : config(engine::read_model_config(folder)),
      weights(read_weights(folder, config)),
      model(views_of(config,
                     [&](std::int64_t offset, const std::vector<std::int64_t>& shape) {
                       return weights.narrow(0, offset, c10::multiply_integers(shape)).view(shape);
                     })),
      depth(depth_),
      context(context_),
      rotary(make_rotary(prefix + context, config.head_dim, config.rope_theta)) {
  if (depth >= config.layers)
    throw Error("depth: expected below the model's {} layers, found {}", config.layers, depth);
  if (context + prefix > config.context)
    throw Error("context: expected at most the model's {}{}, found {}", config.context,
                prefix ? fmt::format(" less the {} tokens of the prompt", prefix) : "", context);
}

Tensor Frozen::layers(const Tensor& x, LayerSpan span, std::int64_t windows, int places) const {
  const HeadShape shape{static_cast<int>(windows), places, config.heads, config.kv_heads, config.head_dim};
  return through(model, config, x, span, shape, rotary);
}

Tensor Frozen::before(const Tensor& ids) const {
  const at::NoGradGuard guard;
  return layers(at::embedding(model.embedding, ids.reshape({-1})), {0, depth}, ids.size(0), context);
}

Tensor Frozen::loss_sum(const Tensor& x, const Tensor& targets) const {
  const Tensor y = layers(x, {depth, config.layers}, targets.size(0), context);
  return cross_entropy_sum(logits_of(model, config, y), targets.reshape({-1}));
}

WrittenText written_text(const std::string& model, int count, int context, std::uint64_t seed,
                         std::uint64_t first) {
  const Teacher author(model);
  WrittenText text{at::empty({count, context + 1}, at::kLong),
                   at::empty({count, context, author.config().width}, at::kHalf)};
  for (int at = 0; at < count; at += together) {
    std::vector<Opening> openings;
    for (int i = at; i < std::min(count, at + together); ++i)
      openings.push_back({{std::max(author.config().bos, 0)},
                          1.0,
                          seed + 0x9e3779b97f4a7c15 * (first + static_cast<std::uint64_t>(i))});
    const Passages p = author.write(openings, context);
    std::copy(p.ids.begin(), p.ids.end(),
              text.ids.data_ptr<std::int64_t>() + static_cast<std::int64_t>(at) * (context + 1));
    text.features.narrow(0, at, p.count).copy_(p.features);
  }
  return text;
}

}  // namespace splitwan::scenarios
