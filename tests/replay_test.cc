// Replays: no tensors, the same network.
#include "netsim/replay.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analysis/summary.hh"
#include "engine/output_file.hh"
#include "scenarios/replay_scenario.hh"
#include "scenarios/run_output.hh"
#include "scenarios/sweep.hh"
#include "tests/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

const std::string published = SPLITWAN_SOURCE_DIR "/scenarios/published-wan.json";

std::vector<engine::Run> run(const std::vector<std::string>& overrides) {
  return run_replays(read_replays(read_scenario_file(published, overrides), published), [](auto...) {});
}

TEST(Replay, of_the_published_system_gives_its_sequential_rates_within_3_percent) {
  const Json cells = analysis::summarise(run({}))["cells"];
  ASSERT_EQ(cells.size(), 12u);
  for (const Json& cell : cells) {
    if (cell["mode"] != "sequential") continue;
    EXPECT_NEAR(cell["tokens_per_s"].get<double>() / cell["published_tokens_per_s"].get<double>(), 1, 0.03)
        << cell.dump();
  }
}

TEST(Replay, twice_is_the_same_byte_for_byte_with_loss_and_on_any_number_of_threads) {
  const std::vector<std::string> lossy = {"network.loss=0.005", "replay.batches={\"steps\": 40}"};
  EXPECT_EQ(first_difference(run(lossy), run(lossy)), "");
  auto other = lossy;
  other.push_back("seed=2");
  EXPECT_THAT(first_difference(run(lossy), run(other)), HasSubstr("line 1:"));
}

TEST(Replay, of_a_trace_takes_what_the_trace_took) {
  const tests::TemporaryFolder folder;
  const auto first = run({"replay.batches={\"steps\": 20, \"wide_every\": 5, \"wide_rows\": [9]}",
                          "network.rate=100Mbit", "replay.profile=profiles/mistral-7b-3090-a100.json"});
  ASSERT_EQ(first.size(), 1u);
  std::ofstream out(folder / "t.jsonl");
  engine::write(out, first[0]);
  out.close();
  const Json scenario = {{"replay", {{"trace", "t.jsonl"}}}, {"network", {{"rtt", "78ms"}, {"rate", "100Mbit"}}}};
  const auto again = run_replays(read_replays(scenario, folder / "s.json"), [](auto...) {});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].spans, first[0].spans);
  EXPECT_EQ(again[0].steps, first[0].steps);
}

TEST(Replay, scenarios_that_say_too_little_or_too_much_are_explained) {
  const auto refusal = [](const Json& replay) {
    return tests::error_of([&] { read_replays({{"replay", replay}}, "s.json"); });
  };
  EXPECT_THAT(refusal(Json::object()), HasSubstr("expected either a trace or batches"));
  EXPECT_THAT(refusal({{"batches", {{"steps", 3}}}}), HasSubstr("batches need a profile"));
  EXPECT_THAT(refusal({{"batches", {{"step", 3}}}}), HasSubstr("unknown key 'step'; did you mean 'steps'?"));
  EXPECT_THAT(refusal({{"batches", {{"wide_every", 3}}}}), HasSubstr("wide_rows: expected"));
}

TEST(Profile, charges_the_larger_of_reading_weights_and_arithmetic) {
  const auto profile = netsim::read_profile(SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json");
  const auto cost = netsim::profile_cost(profile);
  const auto middle = [&](std::uint32_t rows) { return cost(1, {engine::Phase::middle, rows}, {}).count(); };
  EXPECT_EQ(middle(1), 15'900'000);
  EXPECT_EQ(middle(17), 15'900'000);
  EXPECT_EQ(middle(1000), 82'000'000);
  EXPECT_EQ(cost(0, {engine::Phase::draft, 1}, {}).count(), 0);
  engine::Message m;
  m.header.rows = 3;
  m.payload.resize(100);
  EXPECT_EQ(netsim::profile_message_size(profile)(m), 64 + 3 * 8192u);
}

}  // namespace
}  // namespace splitwan::scenarios
