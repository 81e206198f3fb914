#include "scenarios/read/scenario.hh"

#include <gmock/gmock.h>

#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

class ScenarioFile : public testing::Test {
 protected:
  std::vector<Scenario> load(const std::string& json, const std::vector<std::string>& overrides = {}) {
    engine::write_file(folder_ / "s.json", json);
    return load_scenarios(folder_ / "s.json", overrides);
  }
  std::string refusal(const std::string& json, const std::vector<std::string>& overrides = {}) {
    return tests::error_of([&] { load(json, overrides); });
  }
  tests::TemporaryFolder folder_;
};

constexpr auto small =
    R"({"model": "m", "prompts": ["hello"], "network": {"rtt": "40ms", "rate": "10Mbit", "up": "2Mbit"}})";

TEST_F(ScenarioFile, is_read_with_units_and_paths_beside_it) {
  const Scenario s = load(small).at(0);
  EXPECT_EQ(s.model, folder_ / "m");
  EXPECT_EQ(s.network.rtt(), std::chrono::milliseconds(40));
  EXPECT_EQ(s.network.up.bits_per_second, 2e6);
  EXPECT_EQ(s.network.down.bits_per_second, 10e6);
  EXPECT_EQ(s.prompts.at(0).text, "hello");
}

TEST_F(ScenarioFile, an_override_holds_in_a_sweeps_cells_too_and_those_that_then_say_the_same_are_one) {
  const char* cells = R"({"model": "m", "prompts": ["a"], "sweep": {"cells": [
    {"network.rtt": "1ms"}, {"network.rtt": "2ms"}, {"network.rtt": "2ms", "network.rate": "2Mbit"}]}})";
  EXPECT_EQ(load(cells).size(), 3u);
  const auto all = load(cells, {"network.rtt=5ms"});
  ASSERT_EQ(all.size(), 2u);
  for (const Scenario& s : all) EXPECT_EQ(s.network.rtt(), std::chrono::milliseconds(5));
  EXPECT_EQ(all[1].network.up.bits_per_second, 2e6);
}

TEST_F(ScenarioFile, sweeps_every_combination_in_order) {
  const auto all = load(
      R"({"model": "m", "prompts": ["a"], "sweep": {"network.rtt": ["1ms", "2ms"], "wire": ["f32", "f16"]}})");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[1].network.rtt(), std::chrono::milliseconds(1));
  EXPECT_EQ(all[1].wire->name(), "f16");
  EXPECT_EQ(all[2].network.rtt(), std::chrono::milliseconds(2));
}

TEST_F(ScenarioFile, says_what_is_done_to_activations_on_the_wire) {
  const Scenario plain = load(small).at(0);
  EXPECT_TRUE(plain.defences.empty());
  const auto swept = load(small, {"wire=int8", "noise=0.1", "sweep={\"pad_rows\": [[], [4, 8]]}"});
  ASSERT_EQ(swept.size(), 2u);
  EXPECT_EQ(swept[1].wire->name(), "int8");
  EXPECT_EQ(swept[0].defences.to_json(), (Json{{"noise", 0.1}}));
  EXPECT_EQ(swept[1].defences.to_json(), (Json{{"noise", 0.1}, {"pad_rows", {4, 8}}}));
  EXPECT_THAT(refusal(small, {"pad_rows=[8, 4]"}), HasSubstr("pad_rows: 8,4: expected ascending buckets"));
  EXPECT_THAT(refusal(small, {"pad_rows=8"}), HasSubstr("'pad_rows': expected a list, found 8"));
  EXPECT_THAT(refusal(small, {"noise=-1"}), HasSubstr("noise: expected a share"));
  EXPECT_THAT(refusal(small, {"wire=int2"}),
              HasSubstr("wire: wire 'int2': expected f32, f16, bf16, int8 or int4"));
}

TEST_F(ScenarioFile, takes_overrides_which_end_a_sweep_over_their_key) {
  const auto one = load(R"({"model": "m", "prompts": ["a"], "sweep": {"network.rtt": ["1ms", "2ms"]}})",
                        {"network.rtt=7ms", "max_new_tokens=5"});
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].network.rtt(), std::chrono::milliseconds(7));
  EXPECT_EQ(one[0].max_new_tokens, 5);
}

TEST_F(ScenarioFile, refuses_what_it_does_not_know_and_names_the_nearest_key) {
  EXPECT_THAT(refusal(R"({"model": "m", "prompts": ["a"], "network": {"rrt": "1ms"}})"),
              HasSubstr("network: unknown key 'rrt'; did you mean 'rtt'?"));
  EXPECT_THAT(refusal(R"({"model": "m", "prompt": ["a"]})"),
              HasSubstr("unknown key 'prompt'; did you mean 'prompts'?"));
  EXPECT_THAT(refusal(R"({"model": "m", "prompts": ["a"], "network": {"rtt": "80"}})"),
              HasSubstr("network: rtt: '80' is not a duration"));
  EXPECT_THAT(refusal(R"({"model": "m", "prompts": ["a"], "decode": ["magic"]})"),
              HasSubstr("decode 'magic'"));
  EXPECT_THAT(refusal(R"({"model": "m", "prompts": ["a"], "max_new_tokens": "many"})"),
              HasSubstr("'max_new_tokens': expected a whole number, found \"many\""));
  EXPECT_THAT(refusal(small, {"split={\"head\": 2.7, \"tail\": 1}"}),
              HasSubstr("'head': expected a whole number, found 2.7"));
  EXPECT_THAT(refusal(small, {"split={\"head\": 4294967298, \"tail\": 1}"}),
              HasSubstr("'head': expected a whole number"));
  EXPECT_THAT(refusal(small, {"threads=0"}), HasSubstr("threads: expected 1 to 1024, found 0"));
  EXPECT_THAT(refusal(small, {"seed=-1"}),
              HasSubstr("'seed': expected a whole number, 0 or above, found -1"));
  EXPECT_THAT(refusal(small, {"decode=[]"}), HasSubstr("decode: the list is empty"));
  EXPECT_THAT(refusal(small, {"network.rtt=80"}), HasSubstr("key 'rtt': expected a text, found 80"));
  EXPECT_THAT(refusal(small, {"network.rate=0bit"}), HasSubstr("'0bit' lets nothing through"));
  EXPECT_THAT(refusal(small, {"network.server=127.0.0.1:1"}),
              HasSubstr("a live server needs kind \"sockets\""));
  EXPECT_THAT(refusal(small, {"network.rtt"}), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(refusal(small, {"netwrk.rtt=1ms"}), HasSubstr("unknown key 'netwrk'; did you mean 'network'?"));
}

TEST(Link, is_a_preset_or_a_list_of_settings) {
  EXPECT_EQ(parse_link("rtt=30ms,rate=5Mbit").up.bits_per_second, 5e6);
  EXPECT_EQ(parse_link("direct-80ms").rtt(), std::chrono::milliseconds(80));
  EXPECT_THAT(tests::error_of([] { parse_link("fast"); }), HasSubstr("'fast' is no preset"));
  EXPECT_THAT(tests::error_of([] { parse_link("rtt=80ms,rates=1Mbit"); }), HasSubstr("did you mean 'rate'?"));
  EXPECT_THAT(tests::error_of([] { parse_link("rtt=80ms,rtt=20ms"); }), HasSubstr("rtt is given twice"));
  EXPECT_THAT(tests::error_of([] { parse_link("server=a:1"); }),
              HasSubstr("'server' is no property of a link"));
}

}  // namespace
}  // namespace splitwan::scenarios
