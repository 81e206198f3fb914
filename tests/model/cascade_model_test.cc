// The latency model of sharded tokens against ns-3, on conditions that it never saw.
#include "model/fit/cascade_model.hh"

#include <gmock/gmock.h>

#include "model/ask/cascade_projection.hh"
#include "model/fit/latency_model.hh"
#include "model/judge/cascade_folds.hh"
#include "scenarios/read/replay_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::model {
namespace {

using testing::HasSubstr;

const std::string folder = SPLITWAN_SOURCE_DIR "/scenarios/";

std::vector<engine::Run> played(const Json& sweep, const Json& more = Json::object()) {
  Json scenario = {
      {"cascade", {{"alpha", 3}, {"cluster", 1}}},
      {"replay",
       {{"profile", "profiles/demo-model-nodes.json"},
        {"batches",
         {{"prompt", 8}, {"steps", 2}, {"wide_every", 1}, {"wide_rows", {8}}, {"wide_depth", 4}}}}},
      {"network", {{"kind", "ns3"}, {"rtt", "20ms"}, {"rate", "100Mbit"}}},
      {"sweep", sweep}};
  scenario["replay"].update(more);
  return scenarios::run_replays(scenarios::read_replays(scenario, folder + "test.json"), [](auto...) {});
}

double worst(const Json& fold) { return fold["worst"].get<double>(); }

const std::vector<engine::Run>& grid() {
  static const auto runs = played({{"cascade.alpha", {2, 3, 4}},
                                   {"cascade.cluster", {1, 3}},
                                   {"network.rtt", {"1ms", "20ms", "80ms"}},
                                   {"network.rate", {"10Mbit", "1Gbit"}}});
  return runs;
}

TEST(CascadeModel, follows_every_pairs_packets_as_ns3_does) {
  const auto sharded = observe_sharded(grid());
  const CascadeModel model = fit_cascade(grid(), sharded);
  std::size_t compared = 0;
  for (const ShardedRun& run : sharded) {
    const auto trails = model.predict(run);
    for (std::size_t i = 0; i < run.steps.size(); ++i, ++compared)
      EXPECT_NEAR(trails[i].total_s() / run.steps[i].total_s, 1, run.steps[i].prefill ? 1e-2 : 2e-3)
          << label(run.condition) << ", alpha " << run.terms.sharding.alpha << ", step " << i + 1;
  }
  std::printf("compared %zu steps\n", compared);
  EXPECT_EQ(compared, 36u * 3);
}

TEST(CascadeModel, predicts_round_trips_and_shards_that_it_never_saw) {
  const Json v = validate(observe_sharded(grid()), [](auto...) {});
  for (const char* key : {"rtt", "alpha"}) {
    const Json& fold = v["folds"][key];
    std::printf("%s held out: median %.4f %%, worst %.4f %%; the best simple formula's worst %.1f %%\n", key,
                fold["median"].get<double>() * 100, worst(fold) * 100,
                worst(fold["baselines"]["rtt_bytes"]) * 100);
    EXPECT_LE(fold["median"].get<double>(), 0.03);
    EXPECT_LE(worst(fold), 0.08);
    for (const auto& [name, simpler] : fold["baselines"].items())
      EXPECT_GT(worst(simpler), worst(fold)) << name;
  }
  EXPECT_EQ(v["folds"]["rtt"]["n"], 36);
  EXPECT_EQ(v["folds"]["alpha"]["n"], 12) << "of 2, 3 and 4 only 3 lies inside";
  EXPECT_EQ(v["folds"]["alpha_outer"]["n"], 24);
}

TEST(CascadeModel, says_where_a_steps_time_goes) {
  const auto sharded = observe_sharded(grid());
  const CascadeModel model = fit_cascade(grid(), sharded);
  const ShardTrail trail = model.predict(sharded[0]).back();
  EXPECT_GT(trail.comp_s, 12 * 30e-6) << "reading 12 layers' weights";
  EXPECT_GT(trail.attn_s, 12 * 5e-6);
  EXPECT_GT(trail.client_s, 0);
  EXPECT_EQ(trail.merge_s, 0);
  EXPECT_GT(trail.network_s, 13 * sharded[0].condition.rtt_s);
}

// What a live client keeps: no spans of the nodes.
TEST(CascadeModel, of_the_clients_side_alone_takes_the_nodes_work_from_what_the_steps_leave) {
  auto runs = grid();
  for (engine::Run& run : runs) std::erase_if(run.spans, [](const engine::Span& s) { return s.party != 0; });
  const auto sharded = observe_sharded(runs);
  const CascadeModel model = fit_cascade(runs, sharded);
  EXPECT_TRUE(model.inferred);
  const Json v = validate(sharded, [](auto...) {});
  EXPECT_LE(worst(v["folds"]["rtt"]), 0.08);
  EXPECT_LE(v["folds"]["rtt"]["median"].get<double>(), 0.03);
  EXPECT_LE(worst(v["folds"]["alpha"]), 0.08);
}

TEST(CascadeModel, knows_that_the_slowest_of_many_nodes_is_waited_for) {
  const auto runs = played({{"cascade.alpha", {2, 3, 4}}, {"network.rtt", {"1ms", "20ms"}}},
                           {{"noise", "recordings/busy-machine-noise.json"}, {"repeat", 4}});
  const auto sharded = observe_sharded(runs);
  const CascadeModel model = fit_cascade(runs, sharded);
  EXPECT_FALSE(model.spread[static_cast<std::size_t>(NodeWork::inner)].empty());
  double predicted = 0, measured = 0;
  for (const ShardedRun& run : sharded) {
    if (run.condition.rtt_s > 0.01) continue;
    predicted += mean_step_s(run, model.predict(run)), measured += mean_step_s(run);
  }
  EXPECT_NEAR(predicted / measured, 1, 0.03);
}

// Nodes in one data centre, the client far away; and the other way round.
TEST(CascadeModel, knows_links_among_nodes_apart_from_the_clients) {
  Json scenario = {
      {"cascade", {{"alpha", 3}}},
      {"replay", {{"profile", "profiles/demo-model-nodes.json"}, {"batches", {{"prompt", 8}, {"steps", 3}}}}},
      {"network", {{"kind", "ns3"}, {"rtt", "80ms"}, {"rate", "20Mbit"}}}};
  auto cells = scenarios::read_replays(scenario, folder + "test.json");
  cells.push_back(cells[0]);
  for (netsim::Edge& edge : cells[0].network.edges)
    if (edge.a != 0) edge.forward.delay = edge.backward.delay = std::chrono::milliseconds(1);
  for (netsim::Edge& edge : cells[1].network.edges)
    if (edge.a == 0) edge.forward.delay = edge.backward.delay = std::chrono::milliseconds(1);
  const auto runs = scenarios::run_replays(cells, [](auto...) {});
  const auto sharded = observe_sharded(runs);
  const CascadeModel model = fit_cascade(runs, sharded);
  EXPECT_DOUBLE_EQ(sharded[0].condition.rtt_s, 0.08);
  EXPECT_DOUBLE_EQ(sharded[0].inner.rtt_s, 0.002);
  for (const ShardedRun& run : sharded)
    EXPECT_NEAR(mean_step_s(run, model.predict(run)) / mean_step_s(run), 1, 1e-3);
  EXPECT_GT(mean_step_s(sharded[1]), 5 * mean_step_s(sharded[0])) << "layers wait for the nodes' round trips";
}

TEST(CascadeModel, comes_back_from_its_file_and_projects_shards_that_were_not_fitted) {
  std::vector<engine::Run> fitted;
  const engine::Run* asked = nullptr;
  for (const engine::Run& run : grid()) {
    const engine::ShardTerms terms = engine::shard_terms_of(run.header.cascade, "run");
    if (terms.sharding.alpha != 4) fitted.push_back(run);
    const Condition c = condition_of_pairs(run.header.network);
    if (terms.sharding.alpha == 4 && terms.sharding.cluster == 3 && c.rtt_s == 0.08 && c.up_bps == 1e9)
      asked = &run;
  }
  ASSERT_NE(asked, nullptr);
  const CascadeModel model = fit_cascade(fitted, observe_sharded(fitted));
  const Json written = to_json(model);
  const CascadeModel read = cascade_model_of(written, "m.json");
  EXPECT_EQ(to_json(read), written);
  ASSERT_EQ(read.shapes.size(), 1u);
  const ShardPoint p = project(read, 4, 3, condition_of_pairs(asked->header.network), read.shapes[0]);
  const ShardedRun run = observe_sharded({*asked})[0];
  EXPECT_NEAR(p.step.total_s() / mean_step_s(run), 1, 0.01);
  EXPECT_EQ(p.hops, 26u);
  EXPECT_THAT(p.warnings, testing::ElementsAre("4 shards lie outside what was fitted"));
  Json broken = written;
  broken["client"]["lead"]["rows"].push_back(9);
  EXPECT_THAT(tests::error_of([&] { cascade_model_of(broken, "m.json"); }),
              HasSubstr("expected as many seconds as rows"));
  broken = written;
  broken["shape"] = 1;
  EXPECT_THAT(tests::error_of([&] { cascade_model_of(broken, "m.json"); }), HasSubstr("'shape'"));
}

TEST(CascadeModel, names_what_it_cannot_take) {
  auto runs = std::vector<engine::Run>(grid().begin(), grid().begin() + 2);
  const auto refusal = [&] { return tests::error_of([&] { fit_cascade(runs, observe_sharded(runs)); }); };
  runs[1].header.cascade["form"] = "o_lse";
  EXPECT_THAT(refusal(), HasSubstr("differ in 'cascade.form'"));
  runs[1].header.cascade = Json();
  EXPECT_THAT(refusal(), HasSubstr("its tokens are not sharded"));
  runs = {grid()[0]};
  runs[0].header.network.edges[3].up.link.delay += std::chrono::milliseconds(5);
  EXPECT_THAT(refusal(), HasSubstr("links that differ"));
  runs = {grid()[0]};
  runs[0].header.plan.reset();
  EXPECT_THAT(refusal(), HasSubstr("states no plan"));
  EXPECT_THAT(tests::error_of([] { fit(grid()); }),
              HasSubstr("the model has no term for tokens in 2 shards"));
}

}  // namespace
}  // namespace splitwan::model
