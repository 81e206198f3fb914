// Rotary embedding's scalings against worked numbers, and where configs say them.
#include "engine/checkpoint/rope.hh"

#include <gmock/gmock.h>

#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/checkpoint/model_config.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/stated_model.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::stated_model;

const Json& fixture() {
  static const Json all = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/rope_norms.json");
  return all;
}

void expect_near(const std::vector<float>& found, const Json& expected, std::size_t compared) {
  ASSERT_GE(found.size(), compared);
  ASSERT_EQ(expected.size(), compared);
  for (std::size_t i = 0; i < compared; ++i)
    EXPECT_NEAR(found[i] / expected[i].get<double>(), 1, 1e-6) << "pair " << i;
}

TEST(Rope, every_scaling_gives_the_worked_frequencies) {
  int compared = 0;
  for (const Json& c : fixture()["cases"]) {
    SCOPED_TRACE(c["name"]);
    const int dims = c["dim"], context = c.value("max_position_embeddings", 131072);
    Json stated = {{"rope_type", c["type"]}};
    for (const char* key : {"factor", "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow",
                            "truncate", "mscale", "mscale_all_dim", "short_factor", "long_factor"})
      if (c.contains(key)) stated[key] = c[key];
    if (c.contains("original_max_position_embeddings") && c["type"] != "dynamic")
      stated["original_max_position_embeddings"] = c["original_max_position_embeddings"];
    const RopeScaling r = read_rope_scaling(stated, "case", context, 0, dims);
    const auto frequencies = [&](int length) { return rope_frequencies(r, c["theta"], dims, length); };
    const int length = c.value("seq_len", context);
    EXPECT_EQ(turns_by_length(r), c["type"] == "dynamic" || c["type"] == "longrope");
    if (c.contains("inv_freq")) expect_near(frequencies(length), c["inv_freq"], dims / 2), ++compared;
    if (c.contains("inv_freq_first16"))
      expect_near(frequencies(length), c["inv_freq_first16"], 16), ++compared;
    if (c["type"] == "longrope") {
      expect_near(frequencies(64), c["inv_freq_short_used_when_total_len_le_64"], dims / 2);
      expect_near(frequencies(65), c["inv_freq_long_used_when_total_len_gt_64"], dims / 2);
      compared += 2;
    }
    EXPECT_NEAR(r.turn_scale, c.value("attention_factor", 1.0), 1e-10);
  }
  EXPECT_EQ(compared, 14);
}

TEST(Rope, phi_3s_long_factor_is_the_published_one) {
  const Json ones(Json::array_t(48, 1.0));
  const RopeScaling r = read_rope_scaling({{"type", "su"}, {"short_factor", ones}, {"long_factor", ones}},
                                          "phi", 131072, 4096, 96);
  EXPECT_EQ(r.type, "longrope");
  EXPECT_NEAR(r.turn_scale, fixture()["phi3_long_attention_factor_131072_over_4096"].get<double>(), 1e-10);
}

std::string error_of(const Json& stated) {
  return tests::error_of([&] { read_rope_scaling(stated, "config.json: rope_scaling", 4096, 0, 8); });
}

TEST(Rope, says_what_it_misses_and_what_it_does_not_know) {
  EXPECT_EQ(error_of({{"rope_type", "linear"}}), "config.json: rope_scaling: factor is missing");
  EXPECT_EQ(
      error_of({{"rope_type", "mrope"}}),
      "config.json: rope_scaling: rope_type: \"mrope\" is not implemented (expected one of default, linear, "
      "dynamic, llama3, yarn, longrope, su)");
  EXPECT_THAT(error_of({{"type", "dynamic"}, {"factor", 2}, {"alpha", 1000}}),
              HasSubstr("unknown key 'alpha'"));
  EXPECT_THAT(error_of({{"type", "longrope"}, {"short_factor", {1, 1}}, {"long_factor", {1, 1, 1, 1}}}),
              HasSubstr("short_factor: expected 4 positive numbers, one for each pair that turns, found 2"));
  EXPECT_THAT(error_of({{"type", "linear"}, {"factor", -2}}),
              HasSubstr("factor: expected a positive number"));
  EXPECT_THAT(error_of({{"type", "llama3"}, {"factor", 8}, {"low_freq_factor", 4}, {"high_freq_factor", 1}}),
              HasSubstr("high_freq_factor: expected more than low_freq_factor, 4, found 1"));
}

TEST(Rope, a_factor_of_one_says_nothing) {
  EXPECT_EQ(read_rope_scaling({{"type", "linear"}, {"factor", 1.0}}, "", 4096, 0, 8), RopeScaling{});
}

TEST(Rope, is_read_from_either_spelling_and_by_type_of_layer) {
  const Json llama3 = {{"rope_type", "llama3"},
                       {"factor", 8.0},
                       {"low_freq_factor", 1.0},
                       {"high_freq_factor", 4.0},
                       {"original_max_position_embeddings", 8192}};
  Json newer = llama3;
  newer["rope_theta"] = 500000.0;
  EXPECT_EQ(stated_model({{"rope_theta", 500000.0}, {"rope_scaling", llama3}}),
            stated_model({{"rope_parameters", newer}}));
  const Json by_type = {{"full_attention", {{"rope_theta", 1e6}, {"rope_type", "linear"}, {"factor", 8}}},
                        {"sliding_attention", {{"rope_theta", 1e4}, {"rope_type", "default"}}}};
  const Json gemma3 = {{"architectures", {"Gemma3ForCausalLM"}}, {"sliding_window", 8}};
  Json older = gemma3, newest = gemma3;
  older.update({{"rope_scaling", {{"rope_type", "linear"}, {"factor", 8.0}}}});
  newest.update({{"rope_parameters", by_type}});
  EXPECT_EQ(stated_model(older), stated_model(newest));
  EXPECT_EQ(stated_model(newest).local_theta, 1e4);
  newest["rope_parameters"]["chunked_attention"] = Json::object();
  EXPECT_THAT(tests::error_of([&] { stated_model(newest); }),
              HasSubstr("'chunked_attention' is no type of layer"));
}

}  // namespace
}  // namespace splitwan::engine
