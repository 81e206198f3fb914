// Sharded tokens replayed without tensors: bytes, hops and time of everybody's part.
#include "netsim/time/cascade_replay.hh"

#include <gmock/gmock.h>

#include <cstdlib>

#include "analysis/summary/critical_path.hh"
#include "analysis/summary/summary.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/run/run_output.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

const std::string folder = SPLITWAN_SOURCE_DIR "/scenarios/";

Json scenario(const Json& cascade, const Json& batches, const Json& network) {
  return {{"cascade", cascade},
          {"replay", {{"profile", "profiles/demo-model-nodes.json"}, {"batches", batches}}},
          {"network", network}};
}

std::vector<engine::Run> played(const Json& scenario) {
  return run_replays(read_replays(scenario, folder + "test.json"), [](auto...) {});
}

const Json ideal = {{"kind", "ideal"}, {"rtt", "20ms"}, {"rate", "100Mbit"}};
const Json ns3 = {{"kind", "ns3"}, {"rtt", "20ms"}, {"rate", "100Mbit"}};
// Prompts in chunks, single rows, trees of which some rows are kept.
const Json wide = {{"prompt", 300},        {"steps", 6},      {"wide_every", 2},
                   {"wide_rows", {12, 5}}, {"wide_depth", 4}, {"tokens_per_step", 1.5}};

TEST(CascadeReplay, puts_on_the_wire_what_the_closed_form_says_over_two_hops_a_layer) {
  std::size_t compared = 0;
  for (const int alpha : {1, 2, 3, 4, 8})
    for (const int cluster : {1, 3})
      for (const char* merge : {"compnode", "aggregator"})
        for (const char* form : {"meu", "o_lse"}) {
          if (alpha == 8 && std::string(form) == "o_lse") continue;
          const Json cascade = {{"alpha", alpha}, {"cluster", cluster}, {"merge", merge}, {"form", form}};
          const Json cell =
              analysis::cascade_summary(model::Study(played(scenario(cascade, wide, ideal))))["cells"][0];
          for (const Json* of : {&cell, &cell["prompt"]}) {
            EXPECT_EQ((*of)["bytes"], (*of)["formula_bytes"]) << cascade;
            EXPECT_EQ((*of)["client_bytes"], (*of)["formula_client_bytes"]) << cascade;
            EXPECT_GT((*of)["bytes"].get<double>(), 0);
          }
          EXPECT_EQ(cell["hops"], 12 * (*merge == 'a' ? 3 : 2) + 2) << cascade;
          EXPECT_EQ(cell["hops"], cell["formula_hops"]);
          ++compared;
        }
  std::printf("compared %zu sessions\n", compared);
  EXPECT_EQ(compared, 36u);
}

TEST(CascadeReplay, spends_its_steps_on_a_path_of_work_and_messages_that_leaves_nothing_out) {
  const auto runs = played(scenario({{"alpha", 3}}, wide, ns3));
  const engine::Sharding sharding{3, 1};
  const analysis::PathFinder finder(runs[0], sharding);
  for (const engine::Step& step : runs[0].steps) {
    const analysis::CriticalPath path = finder.of(step);
    double sum = path.network_s + path.idle_s;
    for (const auto& [role, s] : path.work_s) sum += s;
    EXPECT_NEAR(sum, engine::seconds(step.end - step.begin), 1e-9);
    EXPECT_NEAR(path.idle_s, 0, 1e-9);
    EXPECT_GT(path.work_s.at(engine::ShardRole::comp), 0);
    if (!step.prefill) {
      EXPECT_GT(path.network_s, 13 * 0.020) << "a round trip a layer and one to the client";
    }
  }
}

// Of a batch's order: a CompNode takes the partial results in the order of their shards, an AttnNode what
// comes.
TEST(CascadeReplay, keeps_each_partys_order_and_says_how_long_it_held_what_it_answers) {
  const auto runs = played(scenario({{"alpha", 3}}, {{"prompt", 7}, {"steps", 1}}, ns3));
  const engine::Sharding s{3, 1};
  std::vector<engine::PartyId> senders;
  std::size_t held = 0;
  for (const engine::Span& span : runs[0].spans) {
    if (span.party == s.comp(1) && span.op == engine::Op::recv && span.step == 2 && span.peer != 0)
      senders.push_back(span.peer);
    if (span.op == engine::Op::recv && span.held > engine::Nanos{}) ++held;
  }
  ASSERT_EQ(senders.size(), 12u * 3) << "position 7 is comp 1's";
  for (std::size_t i = 0; i < senders.size(); ++i) EXPECT_EQ(senders[i], s.attn(1, static_cast<int>(i % 3)));
  EXPECT_GT(held, 12u * 3 * 2);
}

TEST(CascadeReplay, of_72_nodes_in_ns3_is_the_same_byte_for_byte) {
  const Json run = scenario({{"alpha", 8}, {"cluster", 3}}, {{"prompt", 32}, {"steps", 2}}, ns3);
  const auto first = played(run), second = played(run);
  EXPECT_EQ(first_difference(first, second), "");
  EXPECT_EQ(first[0].header.network.edges.size(), 128u);
}

TEST(CascadeReplay, of_an_encoder_passes_once_over_its_input_and_every_row_sees_every_row) {
  Json s = scenario({{"alpha", 3}}, {{"prompt", 16}, {"steps", 0}}, ideal);
  s["replay"]["profile"] = "profiles/bert-base-nodes.json";
  const Json cell = analysis::cascade_summary(model::Study(played(s)))["cells"][0];
  EXPECT_EQ(cell["step_s"], nullptr);
  EXPECT_EQ(cell["prompt"]["bytes"], cell["prompt"]["formula_bytes"]);
  EXPECT_EQ(cell["prompt"]["hops"], 12 * 2 + 2);
  const double payload = 12 * 3 * 16 * (4 * 768 + 24) * 4.0, headers = 12 * 24 * 64.0;
  EXPECT_EQ(cell["prompt"]["bytes"], payload + headers);
}

TEST(CascadeReplay, scenarios_that_cannot_be_played_are_explained) {
  const auto refusal = [](const Json& s) {
    return tests::error_of([&] { read_replays(s, folder + "s.json"); });
  };
  const Json batches = {{"steps", 1}};
  EXPECT_THAT(refusal(scenario({{"alpha", 0}}, batches, ns3)),
              HasSubstr("cascade: alpha: expected a whole number"));
  EXPECT_THAT(refusal(scenario({{"shards", 3}}, batches, ns3)), HasSubstr("cascade: key 'alpha' is missing"));
  EXPECT_THAT(refusal(scenario({{"alpha", 3}}, batches, {{"kind", "tun"}})),
              HasSubstr("joins two parties, found 13"));
  Json traced = scenario({{"alpha", 3}}, batches, ns3);
  traced["replay"] = {{"trace", "t.jsonl"}};
  EXPECT_THAT(refusal(traced), HasSubstr("sharded tokens are played from batches"));
}

}  // namespace
}  // namespace splitwan::scenarios
