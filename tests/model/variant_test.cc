// The fitted system, changed: what first principles say of it.
#include "model/ask/variant.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.hh"
#include "engine/checkpoint/known_models.hh"
#include "model/ask/advice.hh"
#include "model/ask/inverse.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

// The planted world's costs, said to be Mistral 7B's.
const LatencyModel& fitted() {
  static const LatencyModel model = [] {
    LatencyModel m = fit(tests::synthesise({}));
    m.source["plan"] = {{"head", 2}, {"middle", 28}, {"tail", 2}};
    m.source["geometry"] = {{"layers", 32},    {"width", 4096}, {"heads", 32},        {"kv_heads", 8},
                            {"head_dim", 128}, {"ffn", 14336},  {"vocabulary", 32000}};
    return m;
  }();
  return model;
}

LatencyModel varied(const Variant& v) {
  std::vector<std::string> assumptions;
  LatencyModel m = vary(fitted(), v, assumptions);
  EXPECT_EQ(assumptions.empty(),
            !v.head && !v.geometry && !v.width && !v.tokens_per_step && v.server_speed == 1);
  return m;
}

TEST(Variant, the_same_split_is_the_same_model) {
  EXPECT_EQ(to_json(varied({.head = 2, .tail = 2}))["decode"], to_json(fitted())["decode"]);
}

TEST(Variant, layers_move_with_their_weights) {
  const LatencyModel m = varied({.head = 4, .tail = 4});
  const engine::Geometry g = engine::sizes_of(engine::model_named("mistral-7b"));
  EXPECT_NEAR(g.layer_weights(), 218'103'808,
              1);  // Mistral 7B: 4096^2 x 2 + 4096 x 1024 x 2 + 3 x 4096 x 14336
  EXPECT_NEAR(m.decode.server.fixed_s.value / fitted().decode.server.fixed_s.value, 24.0 / 28, 1e-12);
  EXPECT_NEAR(m.decode.client.fixed_s.value / fitted().decode.client.fixed_s.value,
              (8 * g.layer_weights() + g.head_weights()) / (4 * g.layer_weights() + g.head_weights()), 1e-12);
}

TEST(Variant, a_70b_model_sends_16_kb_a_row_and_reads_its_weights) {
  LatencyModel base = fitted();
  for (DrafterModel& d : base.drafters)
    for (StepShape& s : d.shapes) s.bytes_up = s.bytes_down = 64 + 8192 * s.rows;
  std::vector<std::string> assumptions;
  const LatencyModel m =
      vary(base, {.geometry = engine::sizes_of(engine::model_named("llama-70b"))}, assumptions);
  const StepShape row = m.find("sequential")->mean_shape();
  EXPECT_NEAR(row.bytes_up, 64 + 16384, 1e-9);
  EXPECT_NEAR(m.decode.server.fixed_s.value / base.decode.server.fixed_s.value,
              76 * 855'638'016.0 / (28 * 218'103'808.0), 1e-6);
  EXPECT_FALSE(assumptions.empty());
  const LatencyModel faster =
      vary(base, {.geometry = engine::sizes_of(engine::model_named("llama-70b")), .server_speed = 10},
           assumptions);
  EXPECT_NEAR(faster.decode.server.fixed_s.value * 10, m.decode.server.fixed_s.value, 1e-12);
}

TEST(Variant, precision_changes_the_bytes_of_rows_and_not_of_headers) {
  LatencyModel base = fitted();
  for (DrafterModel& d : base.drafters)
    for (StepShape& s : d.shapes) s.bytes_up = s.bytes_down = 64 + 8192 * s.rows;
  std::vector<std::string> assumptions;
  EXPECT_NEAR(vary(base, {.wire = "int8"}, assumptions).find("sequential")->mean_shape().bytes_down,
              64 + 4096 + 4, 1e-9);  // a scale beside each row
  EXPECT_NEAR(vary(base, {.wire = "int4"}, assumptions).find("sequential")->mean_shape().bytes_down,
              64 + 2048 + 4, 1e-9);
  EXPECT_NEAR(vary(base, {.wire = "f32"}, assumptions).find("sequential")->mean_shape().bytes_down,
              64 + 16384, 1e-9);
}

TEST(Variant, a_width_caps_rows_and_what_they_gain) {
  const LatencyModel narrow = varied({.width = 2});
  const DrafterModel& capped = *narrow.find("ngram");
  EXPECT_EQ(capped.mean_shape().rows, 2);
  // Guesses gain in proportion to their number: a tree's kept branch is not known to be the one that held.
  double guesses = 0, kept = 0;
  for (const StepShape& s : fitted().find("ngram")->shapes) {
    guesses += s.share * (s.rows - 1);
    kept += s.share * (std::min(s.rows, 2.0) - 1);
  }
  const double gained = fitted().find("ngram")->tokens_per_step() - 1;
  EXPECT_NEAR(capped.tokens_per_step(), 1 + gained * kept / guesses, 1e-12);
  EXPECT_LT(capped.tokens_per_step(), 8.0 / 6);  // 1, 2, 1, 1, 4, 1 cut short: the most it could be
  EXPECT_EQ(varied({.width = 1}).find("ngram")->tokens_per_step(), 1);
}

TEST(Variant, what_cannot_be_is_explained) {
  const auto refusal = [](const Variant& v) { return tests::error_of([&] { varied(v); }); };
  EXPECT_THAT(refusal({.head = 16, .tail = 16}), testing::HasSubstr("leaves the server none of 32 layers"));
  EXPECT_THAT(refusal({.wire = "f8"}), testing::HasSubstr("wire 'f8': expected f32"));
  EXPECT_THAT(tests::error_of([] {
                std::vector<std::string> a;
                vary(fit(tests::synthesise({})), {.head = 1, .tail = 1}, a);
              }),
              testing::HasSubstr("states no geometry.heads"));
}

TEST(Variant, another_machine_or_model_is_doubted_and_said) {
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  const Point as_fitted = project(fitted(), c, "sequential");
  const Point larger =
      project(varied({.geometry = engine::sizes_of(engine::model_named("llama-70b"))}), c, "sequential");
  EXPECT_FALSE(larger.extrapolated.empty());
  EXPECT_GT(std::log(larger.high / larger.low), 2 * std::log(as_fitted.high / as_fitted.low));
  EXPECT_EQ(varied({.server_speed = 1}).doubt, 0);
}

TEST(Projection, no_interval_holds_more_tokens_than_rows_or_less_time_than_the_link_takes) {
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  const DrafterModel& ngram = *fitted().find("ngram");
  const Point point = project(fitted(), c, "ngram");
  EXPECT_LE(point.high, ngram.most_rows() / (point.components.rtt_s + point.components.wire_s));
  const Point far = project(fitted(), {"", 0.080, 1e15, 1e15, 0}, "sequential");
  EXPECT_LE(far.high, 1 / 0.080);
}

TEST(Advice, keeps_what_was_given_and_offers_the_fitted_system) {
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  std::vector<std::string> assumptions;
  bool as_fitted = false;
  for (const Choice& choice : advise(fitted(), {.wire = "f32"}, c, 100, assumptions).choices) {
    EXPECT_EQ(choice.variant.wire, "f32");
    as_fitted = as_fitted || !choice.variant.head;
  }
  EXPECT_TRUE(as_fitted);
  LatencyModel unplanned = fitted();
  unplanned.source.erase("plan");
  advise(unplanned, {}, c, 100, assumptions);
  EXPECT_THAT(assumptions, testing::Contains(testing::HasSubstr("the split is not varied")));
}

TEST(Inverse, what_a_rate_needs_gives_that_rate) {
  const Condition c{"", 0.080, 100e6, 200e6, 0};
  const Point now = project(fitted(), c, "ngram");
  const Need need = what_it_takes(fitted(), c, "ngram", 1.2 * now.tokens_per_s);
  Condition nearer = c;
  nearer.rtt_s = need.longest_rtt_s;
  EXPECT_NEAR(project(fitted(), nearer, "ngram").tokens_per_s, 1.2 * now.tokens_per_s, 1e-6);
  EXPECT_NEAR(need.least_tokens_per_step, 1.2 * now.tokens_per_step, 1e-9);
  const Need easy = what_it_takes(fitted(), c, "ngram", 0.9 * now.tokens_per_s);
  Condition slower = c;
  slower.up_bps = slower.down_bps = easy.least_bps;
  EXPECT_NEAR(project(fitted(), slower, "ngram").tokens_per_s, 0.9 * now.tokens_per_s, 1e-3);
}

}  // namespace
}  // namespace splitwan::model
