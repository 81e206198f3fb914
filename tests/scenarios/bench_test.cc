// The bench's own arithmetic; no speed is judged here.
#include "scenarios/run/bench.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/checkpoint/known_models.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

TEST(Bench, measures_every_row_count_and_prompt_it_is_asked_for) {
  const tests::TemporaryFolder folder;
  tests::write_random_model(folder.string());
  engine::Checkpoint checkpoint(folder.string());
  BenchPlan plan;
  plan.rows = {1, 3};
  plan.prefill = {5};
  plan.context = 8;
  plan.repetitions = 1;
  const Machine machine{[] { return 1e9; }, [] { return 1e9; }};
  const Json found = bench(checkpoint, engine::Storage::bf16, plan, machine, [](auto...) {});
  ASSERT_EQ(found["decode"].size(), 2u);
  EXPECT_EQ(found["decode"][1]["rows"], 3);
  EXPECT_EQ(found["prefill"][0]["rows"], 5);
  for (const Json& d : found["decode"]) {
    EXPECT_EQ(d["storage"], "bf16");
    EXPECT_GT(d["ms_per_step"].get<double>(), 0);
    // bytes read per second, over the 1 GB/s that the machine is said to give
    const auto& c = checkpoint.config();
    const double bytes = found["weight_bytes"].get<double>() + 8.0 * c.layers * c.kv_width() * plan.context;
    EXPECT_NEAR(d["bandwidth_share"].get<double>(), bytes / (d["ms_per_step"].get<double>() / 1e3) / 1e9,
                1e-9);
  }
}

TEST(Bench, weights_of_noise_have_the_shapes_of_the_model_that_was_named) {
  engine::Checkpoint random =
      engine::Checkpoint::random(engine::model_named("llama-15m"), engine::DType::bf16);
  EXPECT_EQ(random.tensor("model.layers.5.mlp.down_proj.weight", {288, 768}).data.size(), 288u * 768 * 2);
}

TEST(Bench, a_model_that_memory_does_not_hold_is_refused_with_both_sizes) {
  const auto fits = [](const char* name, engine::Storage storage, double gigabytes) {
    check_fits(name, engine::model_named(name), storage, gigabytes * 1e9);
  };
  EXPECT_NO_THROW(fits("mistral-7b-4l", engine::Storage::bf16, 3));
  EXPECT_NO_THROW(fits("mistral-7b", engine::Storage::int4, 5));
  EXPECT_EQ(
      tests::error_of([&] { fits("mistral-7b", engine::Storage::bf16, 8); }),
      "geometry 'mistral-7b': about 14.7 GB in bf16, of 8 GB that are free: expected fewer layers, as in "
      "mistral-7b-4l");
}

}  // namespace
}  // namespace splitwan::scenarios
