// Judging on traces that were not fitted, and the simpler formulas beside.
#include "model/judge/unseen.hh"

#include <gmock/gmock.h>

#include "model/ask/projection.hh"
#include "model/judge/baseline.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using testing::Contains, testing::HasSubstr, testing::Not;

std::vector<Observation> steps_of(const tests::World& world) {
  std::vector<Observation> steps = fittable(Study(tests::synthesise(world))).steps;
  return steps;
}

double error_of(const std::vector<Observation>& fitted, const std::vector<Observation>& other,
                const char* name) {
  const Baselines baselines(fitted);
  double worst = 0;
  for (const auto run : by_run(other)) {
    std::vector<const Observation*> decode;
    double measured = 0;
    for (const Observation& o : run) {
      if (o.prefill) continue;
      decode.push_back(&o);
      measured += o.total_s;
    }
    const double predicted = baselines.step_s(expected_of(decode)).at(name);
    worst = std::max(worst, std::abs(predicted / (measured / static_cast<double>(decode.size())) - 1));
  }
  return worst;
}

TEST(Baselines, each_is_exact_in_the_world_that_it_describes) {
  // Work without rows or context, sequential: the step is RTT + bytes / rate + a constant.
  const tests::World plain{.client = {4e-3, 0, 0}, .server = {15e-3, 0, 0}, .drafters = {"sequential"}};
  auto world = plain;
  world.rtts_s = {0.06, 0.3};
  EXPECT_LT(error_of(steps_of(plain), steps_of(world), "rtt_bytes"), 1e-6);
  EXPECT_LT(error_of(steps_of(plain), steps_of(world), "published"), 1e-6);
  EXPECT_LT(error_of(steps_of(plain), steps_of(world), "linear"), 1e-3);
  EXPECT_GT(error_of(steps_of(plain), steps_of(world), "nearest"), 0.2);
  EXPECT_LT(error_of(steps_of(plain), steps_of(plain), "nearest"), 1e-6);
  world.rates_bps = {1e6};  // what bytes cost is what the published formula leaves out
  EXPECT_LT(error_of(steps_of(plain), steps_of(world), "rtt_bytes"), 1e-3);
  EXPECT_GT(error_of(steps_of(plain), steps_of(world), "published"), 0.02);
}

TEST(Unseen, a_cell_outside_what_was_fitted_is_marked_and_covered_runs_are_counted) {
  const auto fitted = steps_of({.noise = 0.05});
  const LatencyModel m = fit(fitted);
  const Json j = test_on(m, fitted, steps_of({.rtts_s = {0.06, 0.4}, .noise = 0.05, .seed = 9}));
  ASSERT_EQ(j["test"].size(), 4u);
  for (const Json& cell : j["test"]) {
    const bool far = cell["cell"].get<std::string>().find("400 ms") != std::string::npos;
    EXPECT_EQ(cell["warned"], far) << cell.dump();
    EXPECT_LT(std::abs(cell["error"].get<double>()), 0.05) << cell.dump();
    EXPECT_LE(cell["covered_runs"], cell["runs"]);
  }
  EXPECT_EQ(j["test_summary"]["warned_cells"], 2);
  EXPECT_EQ(j["test_summary"]["first_token"]["n"], 2);
}

TEST(Unseen, a_congestion_control_that_the_model_does_not_know_is_named) {
  auto runs = tests::synthesise({});
  const LatencyModel m = fit(runs);
  for (auto& run : runs) {
    run.header.network.tcp.emplace();
    run.header.network.tcp->congestion = "bbr";
  }
  const Condition c = condition_of(runs[0].header.network);
  EXPECT_THAT(outside(m, c), Contains(HasSubstr("tcp congestion bbr: the model does not know it")));
  runs[0].header.network.tcp->congestion = "cubic-linux";
  EXPECT_THAT(outside(m, condition_of(runs[0].header.network)), Not(Contains(HasSubstr("tcp"))));
}

}  // namespace
}  // namespace splitwan::model
