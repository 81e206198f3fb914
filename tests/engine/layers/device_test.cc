// The layers in ATen's operations, on the CPU in a GPU's stead: near our kernels, whatever the tree.
#include "engine/layers/device.hh"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/layers/aten/aten_ops.hh"
#include "scenarios/read/scenario.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::RandomModel;

const Placement aten_here(at::kCPU, Backend::aten);

ModelEnds whole(RandomModel& model, Storage storage, Placement place) {
  const int n = model.config().layers;
  return {*model.checkpoint, {0, n}, {n, n}, storage, place};
}

// Logits of every step: a prompt, then trees of which a path that skips rows is kept.
std::vector<at::Tensor> walk(const ModelEnds& ends) {
  std::vector<at::Tensor> logits;
  tests::locally(ends, [&](Party& party, Forward& forward) {
    std::vector<Token> prompt(140);  // two chunks
    for (std::size_t i = 0; i < prompt.size(); ++i) prompt[i] = static_cast<Token>((i * 37 + 11) % 90);
    party.begin_step(1, 0);
    logits.push_back(forward.prefill(prompt).clone());
    for (int step = 0; step < 45; ++step) {  // over 256 slots: the tensor grows
      party.begin_step(step + 2, forward.committed());
      const Token a = (7 * step) % 90, b = (5 * step + 3) % 90;
      logits.push_back(forward.run({{a, b, a, b, 1}, {-1, 0, 0, 2, 2}}).clone());
      forward.commit(std::vector<std::int32_t>{0, 2, 4});
    }
  });
  return logits;
}

class AtenLayersOn : public testing::TestWithParam<std::tuple<const char*, Storage>> {};

TEST_P(AtenLayersOn, the_cpu_give_nearly_the_logits_of_our_kernels) {
  const auto& [config, storage] = GetParam();
  Json json = Json::parse(config);
  json["max_position_embeddings"] = 512;
  RandomModel model(json);
  const auto ours = walk(whole(model, storage, {})), theirs = walk(whole(model, storage, aten_here));
  const double tolerance = storage == Storage::f32 ? 2e-4 : storage == Storage::f16 ? 1e-2 : 1e-1;
  for (std::size_t i = 0; i < ours.size(); ++i)
    ASSERT_LT((ours[i] - theirs[i]).abs().max().item<float>(), tolerance) << "step " << i;
}

INSTANTIATE_TEST_SUITE_P(
    Configs, AtenLayersOn,
    testing::Combine(
        testing::Values(R"({})", R"({"architectures": ["Qwen2ForCausalLM"]})",
                        R"({"tie_word_embeddings": true, "num_key_value_heads": 4})",
                        R"({"architectures": ["MistralForCausalLM"], "sliding_window": 7})",
                        R"({"head_dim": 12, "num_attention_heads": 6, "num_key_value_heads": 1})"),
        testing::Values(Storage::f32, Storage::bf16, Storage::f16)));

TEST(AtenLayers, keep_weights_at_their_storage_s_size_and_cost_what_ours_do) {
  RandomModel model;
  const LayerStack ours(*model.checkpoint, {0, 2}, Storage::f32),
      theirs(*model.checkpoint, {0, 2}, Storage::f32, aten_here),
      half(*model.checkpoint, {0, 2}, Storage::bf16, aten_here);
  EXPECT_EQ(theirs.bytes(), ours.bytes());
  EXPECT_EQ(2 * half.bytes(), theirs.bytes());
  EXPECT_EQ(theirs.work(Phase::head, 3, 10).flops, ours.work(Phase::head, 3, 10).flops);
  EXPECT_EQ(theirs.work(Phase::head, 3, 10).bytes, ours.work(Phase::head, 3, 10).bytes);
}

TEST(AtenLayers, refuse_the_formats_that_only_our_kernels_read) {
  RandomModel model;
  for (const Storage storage : {Storage::int8, Storage::int4}) {
    EXPECT_EQ(
        tests::error_of([&] { whole(model, storage, aten_here); }),
        fmt::format("storage {}: only our own CPU kernels read it; on cpu expected auto, f32, bf16 or f16",
                    name_of(storage)));
  }
}

TEST(AtenLinear, as_stored_is_the_product_but_for_rounding) {
  at::manual_seed(1);
  const at::Tensor x = at::randn({3, 64}), w = at::randn({20, 64});
  EXPECT_TRUE(at::equal(aten::linear_as_stored(x, w), aten::linear(x, w)));
  const at::Tensor half = w.to(at::kBFloat16), exact = aten::linear(x, half);
  const at::Tensor rounded = aten::linear_as_stored(x, half);
  EXPECT_EQ(rounded.scalar_type(), at::kFloat);
  EXPECT_LT(((rounded - exact).norm() / exact.norm()).item<float>(), 1e-2);
}

TEST(Device, is_refused_in_one_line_where_there_is_none) {
  EXPECT_EQ(device_named("cpu"), at::Device(at::kCPU));
  EXPECT_EQ(tests::error_of([] { device_named("gpu"); }), "--device gpu: expected cpu or cuda");
  if (at::hasCUDA()) GTEST_SKIP() << "this libtorch has CUDA";
  EXPECT_EQ(tests::error_of([] { device_named("cuda"); }),
            "--device cuda: this build's libtorch has no CUDA");
  tests::TemporaryFolder folder;
  std::ofstream(folder / "a.json") << R"({"model": "m", "device": "cuda", "prompts": ["x"]})";
  EXPECT_THAT(tests::error_of([&] { scenarios::load_scenarios(folder / "a.json", {}); }),
              HasSubstr("device cuda: this build's libtorch has no CUDA"));
}

}  // namespace
}  // namespace splitwan::engine
