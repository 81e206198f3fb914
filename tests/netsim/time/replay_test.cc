// Replays: no tensors, the same network.
#include "netsim/time/replay.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analysis/summary/summary.hh"
#include "engine/base/output_file.hh"
#include "engine/party/roles.hh"
#include "netsim/link/recording.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/run/run_output.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

const std::string published = SPLITWAN_SOURCE_DIR "/scenarios/published-wan.json";

std::vector<engine::Run> run(const std::vector<std::string>& overrides) {
  return run_replays(read_replays(read_scenario_file(published, overrides), published), [](auto...) {});
}

TEST(Replay, of_the_published_system_gives_its_sequential_rates_within_3_percent) {
  const Json cells = analysis::summarise(model::Study(run({})))["cells"];
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
  const Json scenario = {{"replay", {{"trace", "t.jsonl"}}},
                         {"network", {{"rtt", "78ms"}, {"rate", "100Mbit"}}}};
  const auto again = run_replays(read_replays(scenario, folder / "s.json"), [](auto...) {});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].spans, first[0].spans);
  EXPECT_EQ(again[0].steps, first[0].steps);
}

// What a live client keeps: no server's spans, but how long each answer says that it was held.
TEST(Replay, of_a_live_client_alone_takes_what_the_run_with_its_server_took) {
  const tests::TemporaryFolder folder;
  const auto whole = run({"replay.batches={\"steps\": 20, \"wide_every\": 5, \"wide_rows\": [9]}",
                          "network.rate=100Mbit", "replay.profile=profiles/mistral-7b-3090-a100.json"});
  engine::Run alone = whole[0];
  std::erase_if(alone.spans, [](const engine::Span& s) { return s.party == engine::roles::server; });
  ASSERT_LT(alone.spans.size(), whole[0].spans.size());
  std::ofstream out(folder / "t.jsonl");
  engine::write(out, alone);
  out.close();
  const Json scenario = {{"replay", {{"trace", "t.jsonl"}}},
                         {"network", {{"rtt", "78ms"}, {"rate", "100Mbit"}}}};
  const auto again = run_replays(read_replays(scenario, folder / "s.json"), [](auto...) {});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].steps, whole[0].steps);
}

// A recording of 40 ms and then 80: sequential steps take what the delay of their time says.
TEST(Replay, over_a_recorded_path_follows_its_delays_and_loses_what_was_lost) {
  const tests::TemporaryFolder folder;
  netsim::Recording path;
  path.path = "far:1";
  path.duration = std::chrono::seconds(1000);
  path.connections = 1;
  path.play = netsim::Play::series;
  path.round_trip = netsim::spread_of({0.04, 0.08});
  path.acknowledgements = path.round_trip;
  path.up.rate_bps = path.down.rate_bps = 1e9;
  path.round_trips = {{std::chrono::seconds(0), 0.04}, {std::chrono::seconds(3), 0.08}};
  const Json scenario = {{"replay",
                          {{"batches", {{"steps", 60}}},
                           {"profile", SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json"}}},
                         {"network", {{"replay", "wan.json"}}}};
  const auto steps_of = [&] {
    netsim::write_recording(folder / "wan.json", path);
    return run_replays(read_replays(scenario, folder / "s.json"), [](auto...) {})[0].steps;
  };
  const auto took = [](const engine::Step& s) { return engine::seconds(s.end - s.begin); };
  const auto plain = steps_of();
  EXPECT_NEAR(took(plain.back()) - took(plain[5]), 0.04, 1e-4);
  path.up.losses = {32 * 8192 + 20 * 8300};  // in the twentieth step, or the next
  const auto lossy = steps_of();
  double longest = 0;
  for (std::size_t i = 1; i < lossy.size(); ++i) longest = std::max(longest, took(lossy[i]) - took(plain[i]));
  EXPECT_GT(longest, 0.03) << "one is sent again";
  EXPECT_NEAR(took(lossy[5]), took(plain[5]), 1e-6) << "none before";
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

TEST(Replay, of_recorded_decoding_is_one_run_per_prompt_with_its_rows_and_gains) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "d.json") << R"({"runs": [
    {"drafter": "ngram", "prompt": "code-1", "class": "code", "prompt_rows": 12, "rows": [1, 9, 4], "accepted": [1, 5, 2]},
    {"drafter": "sequential", "prompt": "creative-1", "class": "creative", "prompt_rows": 7, "rows": [1], "accepted": [1]}]})";
  const Json scenario = {{"replay",
                          {{"decoding", "d.json"},
                           {"profile", SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json"}}},
                         {"network", {{"kind", "ideal"}, {"rtt", "50ms"}}}};
  const auto runs = run_replays(read_replays(scenario, folder / "s.json"), [](auto...) {});
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].header.drafter, "ngram");
  EXPECT_EQ(runs[0].header.prompt->kind, "code");
  EXPECT_NE(*runs[0].header.seed, *runs[1].header.seed);
  ASSERT_EQ(runs[0].steps.size(), 4u);
  EXPECT_EQ(runs[0].steps[0].rows, 12u);
  EXPECT_EQ(runs[0].steps[2].rows, 9u);
  EXPECT_EQ(runs[0].steps[2].accepted, 5u);
  EXPECT_EQ(runs[0].steps[3].context, 12u + 1 + 5);  // the last gain is in the step's own rows

  std::ofstream(folder / "d.json")
      << R"({"runs": [{"drafter": "n", "prompt": "p", "class": "c", "prompt_rows": 1, "rows": [1], "accepted": [2]}]})";
  EXPECT_THAT(tests::error_of([&] { read_replays(scenario, folder / "s.json"); }),
              HasSubstr("step 1: expected 1 to 4096 rows and 1 to as many tokens, found 1 and 2"));
}

TEST(Noise, varies_each_phase_as_recorded_and_repeats_with_its_seed) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "n.json") << R"({"phases": {"middle": [1.0, 2.0, 0.5]}})";
  const auto noise = netsim::read_compute_noise(folder / "n.json");
  const netsim::CostSource flat = [](auto...) { return engine::Nanos(100); };
  const auto costs = [&](std::uint64_t seed, engine::Phase phase) {
    const auto cost = netsim::noisy_cost(flat, noise, seed);
    std::vector<std::int64_t> list;
    list.reserve(6);
    for (int i = 0; i < 6; ++i) list.push_back(cost(1, {phase, 1}, {}).count());
    return list;
  };
  EXPECT_THAT(costs(1, engine::Phase::middle), testing::UnorderedElementsAre(100, 200, 50, 100, 200, 50));
  EXPECT_EQ(costs(1, engine::Phase::middle), costs(1, engine::Phase::middle));
  EXPECT_THAT(costs(1, engine::Phase::head), testing::Each(100));
  std::ofstream(folder / "n.json") << R"({"phases": {"middle": [0]}})";
  EXPECT_THAT(tests::error_of([&] { netsim::read_compute_noise(folder / "n.json"); }),
              HasSubstr("phases: middle: expected above 0"));
}

TEST(Profile, charges_the_larger_of_reading_weights_and_arithmetic) {
  const auto profile =
      netsim::read_profile(SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json");
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
