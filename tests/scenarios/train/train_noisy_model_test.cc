// The frozen model of training against the engine's layers, which a session runs.
#include <gmock/gmock.h>

#include "engine/checkpoint/checkpoint.hh"
#include "engine/layers/model_ends.hh"
#include "scenarios/train/del/noisy_model.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::tests {
namespace {

using at::Tensor;
using engine::Checkpoint;
using engine::LayerStack;
using scenarios::Frozen;
using scenarios::NoisyModel;
using scenarios::NoisySetup;
using scenarios::Prompted;
using testing::HasSubstr, testing::Lt, testing::Gt;

constexpr int context = 24, prefix = 5, tail = 2;
const std::string demo = SPLITWAN_SOURCE_DIR "/scenarios/demo-model";

engine::DelWeights random_maps(int width) {
  auto maps = std::make_shared<engine::Projection>();
  maps->model_width = 128, maps->width = width;
  engine::RandomBits random(3);
  for (auto* m : {&maps->encoder, &maps->decoder})
    for (int i = 0; i < 128 * width; ++i) m->push_back(static_cast<float>(random.uniform() - 0.5) * 0.3f);
  return {"maps", 1, 0.05, maps};
}

Prompted window() { return {.ids = at::arange(100, 100 + context + 1, at::kLong), .prompt = 9, .which = 4}; }

Tensor soft_prompt() {
  at::manual_seed(5);
  return at::randn({prefix, 128}) * 0.3;
}

Tensor through_engine(Checkpoint& checkpoint, engine::LayerRange range, const Tensor& x) {
  const LayerStack layers(checkpoint, range, engine::Storage::f32);
  engine::KvCache cache = layers.new_cache();
  std::vector<std::int32_t> chain(static_cast<std::size_t>(x.size(0)));
  for (std::size_t i = 0; i < chain.size(); ++i) chain[i] = static_cast<std::int32_t>(i) - 1;
  cache.begin(chain);
  return layers(x.clone(), cache);
}

// Prefix rows in front of the server's layers are rows like others: they take its first positions, and the
// client's last layers never meet them.
TEST(NoisyModel, gives_what_the_engine_s_layers_give_with_the_prompt_s_rows_in_front) {
  const Frozen frozen(demo, 1, context, prefix);
  for (const int last : {0, tail}) {
    const NoisyModel model(frozen, {.weights = random_maps(16),
                                    .noise = engine::BinomialSpec{40, 4, 16, 0.05},
                                    .noisy_continuation = true,
                                    .tail = last});
    const Tensor rows = model.received(window(), 3), prompt = soft_prompt();
    const Tensor found = model.hidden(rows, prompt);
    Checkpoint checkpoint(demo);
    Tensor expected = through_engine(checkpoint, {1, 12 - last}, at::cat({prompt, rows}));
    expected = expected.narrow(0, prefix, context);
    if (last) expected = through_engine(checkpoint, {12 - last, 12}, expected);
    const engine::ModelEnds ends(checkpoint, {0, 0}, {12, 12}, engine::Storage::f32);
    const Tensor logits = scenarios::logits_of(frozen.model, frozen.config, found);
    EXPECT_THAT((logits - ends.logits(expected)).abs().max().item<float>(), Lt(1e-4)) << last;
    EXPECT_THAT((found - model.hidden(rows, {})).abs().max().item<float>(), Gt(0.1)) << "no prompt";
  }
}

TEST(NoisyModel, sends_the_prompt_s_rows_or_every_row_through_the_mechanism_and_draws_afresh) {
  const Frozen frozen(demo, 1, context);
  NoisySetup setup{.weights = random_maps(16), .noise = engine::BinomialSpec{40, 4, 16, 0.05}};
  const Tensor clean = NoisyModel(frozen, {.weights = {}, .maps = false}).received(window(), 0);
  const NoisyModel published(frozen, setup);
  const Tensor one = published.received(window(), 1), two = published.received(window(), 2);
  EXPECT_TRUE(at::equal(one, published.received(window(), 1)));
  EXPECT_TRUE(at::equal(one.narrow(0, 9, context - 9), clean.narrow(0, 9, context - 9)));
  for (int i = 0; i < 9; ++i) {
    EXPECT_FALSE(at::equal(one[i], clean[i])) << i;
    EXPECT_FALSE(at::equal(one[i], two[i])) << i;
  }
  setup.noisy_continuation = true;
  const Tensor all = NoisyModel(frozen, setup).received(window(), 1);
  EXPECT_TRUE(at::equal(all.narrow(0, 0, 9), one.narrow(0, 0, 9)));
  for (int i = 9; i < context; ++i) EXPECT_FALSE(at::equal(all[i], clean[i])) << i;
  setup.noise.reset();  // the mean of many draws
  const NoisyModel maps(frozen, setup);
  Tensor mean = at::zeros_like(clean);
  for (int i = 0; i < 400; ++i) mean += published.received(window(), 10 + i) / 400;
  EXPECT_THAT((maps.received(window(), 0) - mean).narrow(0, 0, 9).abs().max().item<float>(), Lt(0.02));
}

// Without maps it is the model: the losses are those of the trainer's own pass, and of the engine's.
TEST(NoisyModel, without_maps_judges_as_the_undefended_model) {
  const Frozen frozen(demo, 0, context);
  const NoisyModel model(frozen, {.weights = {}, .maps = false});
  const NoisyModel::Judged judged = model.judge(window(), 0, {});
  EXPECT_EQ(judged.counted, context + 1 - 9);
  Checkpoint checkpoint(demo);
  const engine::ModelEnds ends(checkpoint, {0, 12}, {12, 12}, engine::Storage::f32);
  const Tensor ids = window().ids.narrow(0, 0, context);
  std::vector<engine::Token> tokens(ids.data_ptr<std::int64_t>(), ids.data_ptr<std::int64_t>() + context);
  const Tensor logits =
      ends.logits(through_engine(checkpoint, {0, 12}, ends.embed(tokens))).narrow(0, 8, context - 8);
  const Tensor top = logits.argmax(1), loss = at::log_softmax(logits, 1).gather(
                                           1, window().ids.narrow(0, 9, context - 8).unsqueeze(1));
  for (int i = 0; i < judged.counted; ++i) EXPECT_EQ(judged.likeliest[i], top[i].item<std::int64_t>()) << i;
  EXPECT_NEAR(judged.loss, -loss.sum().item<float>(), 1e-3);
}

TEST(NoisyModel, has_the_soft_prompt_s_gradient_of_finite_differences) {
  const Frozen frozen(demo, 1, context, prefix);
  const NoisyModel model(frozen, {.weights = random_maps(16),
                                  .noise = engine::BinomialSpec{40, 4, 16, 0.05},
                                  .noisy_continuation = true,
                                  .tail = tail});
  const Tensor leaf = soft_prompt().set_requires_grad(true);
  model.loss_sum(window(), 1, leaf).backward();
  at::manual_seed(6);
  for (int i = 0; i < 4; ++i) {
    const Tensor direction = at::randn({prefix, 128});
    constexpr double step = 2e-3;
    const auto loss = [&](double by) {
      return model.judge(window(), 1, leaf.detach() + direction * by).loss;
    };
    const double expected = (loss(step) - loss(-step)) / (2 * step);
    EXPECT_NEAR((leaf.grad() * direction).sum().item<float>(), expected, 0.02 * std::abs(expected) + 0.1);
  }
}

TEST(NoisyModel, gives_prompts_a_share_of_the_window_from_a_twentieth_to_a_half) {
  const auto all = scenarios::prompted({at::zeros({400, 129}, at::kLong)}, 1, 0);
  int least = 1000, most = 0;
  double sum = 0;
  for (const Prompted& p : all) {
    least = std::min(least, p.prompt), most = std::max(most, p.prompt);
    sum += p.prompt;
  }
  EXPECT_EQ(least, 8);
  EXPECT_THAT(most, Gt(60));
  EXPECT_THAT(most, Lt(65));
  EXPECT_NEAR(sum / 400, 35.5, 2);
  EXPECT_EQ(scenarios::prompted({at::zeros({3, 129}, at::kLong)}, 1, 5)[0].prompt, all[5].prompt);
}

TEST(NoisyModel, refuses_by_name_what_leaves_no_layer_to_the_server) {
  EXPECT_THAT(
      error_of([] { NoisyModel(Frozen(demo, 1, context), {.weights = random_maps(16), .tail = 11}); }),
      HasSubstr("tail: expected below 11"));
  EXPECT_THAT(error_of([] { Frozen(demo, 0, 1000, 100); }),
              HasSubstr("context: expected at most the model's 1024 less the 100 tokens of the prompt"));
}

}  // namespace
}  // namespace splitwan::tests
