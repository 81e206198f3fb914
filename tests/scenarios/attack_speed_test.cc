// What depth and defences cost in tokens/s.
#include "scenarios/commands/lab/attack_speed.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

class AttackSpeed : public ::testing::Test {
 protected:
  AttackSpeed() {
    const Json scenario = {{"model", SPLITWAN_SOURCE_DIR "/scenarios/demo-model"},
                           {"prompts", Json::array({SPLITWAN_SOURCE_DIR "/scenarios/prompts/code.json"})},
                           {"prompts_per_class", 1},
                           {"network", {{"kind", "ideal"}, {"rtt", "80ms"}, {"rate", "1Mbit"}}},
                           {"max_new_tokens", 8},
                           {"sweep", {{"network.rtt", {"20ms", "80ms"}}}}};
    std::ofstream(folder / "runs.json") << scenario;
  }
  SpeedQuestion question() const {
    return speed_question({{"scenario", "runs.json"}, {"rtt", "40ms"}, {"bandwidth", "1Mbit"}},
                          folder / "attack.json");
  }
  const tests::TemporaryFolder folder;
};

TEST_F(AttackSpeed, every_depth_and_defence_has_a_rate_and_fewer_bytes_are_faster) {
  const Json j = price(
      question(), {{"none", "f32", {0, 2}}, {"int8", "int8", {2}}, {"random depth", "f32", {0, 2}, true}},
      [](auto...) {});
  ASSERT_EQ(j["speed"].size(), 4u);
  const auto rate = [&](int i) { return j["speed"][i]["tokens_per_s"].get<double>(); };
  EXPECT_GT(rate(2), rate(1));  // 128 bytes a row instead of 512, at 1 Mbit/s
  EXPECT_LT(rate(0), 1 / 0.040);
  EXPECT_EQ(j["speed"][3]["depth"], 2);                         // the deepest
  EXPECT_NEAR(rate(3), 2 / (1 / rate(0) + 1 / rate(1)), 1e-9);  // tokens over time
  EXPECT_EQ(j["link"]["rtt_s"], 0.040);
}

TEST_F(AttackSpeed, what_is_not_known_is_named) {
  const auto refusal = [&](const Json& asked) {
    return tests::error_of([&] { speed_question(asked, folder / "attack.json"); });
  };
  EXPECT_THAT(refusal({{"rtt", "80ms"}}), testing::HasSubstr("scenario"));
  EXPECT_THAT(refusal({{"scenario", "runs.json"}}), testing::HasSubstr("rtt"));
  EXPECT_THAT(refusal({{"scenario", "runs.json"}, {"rtt", "80ms"}, {"drafters", "x"}}),
              testing::HasSubstr("drafters"));
  SpeedQuestion other = question();
  other.drafter = "oracle";
  EXPECT_THAT(tests::error_of([&] {
                price(other, {{"none", "f32", {2}}}, [](auto...) {});
              }),
              testing::HasSubstr("knows no drafter 'oracle'"));
}

}  // namespace
}  // namespace splitwan::scenarios
