// Virtual time is exact: the same scenario gives the same trace, byte for byte, with reference and recorded
// costs.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "engine/base/output_file.hh"
#include "scenarios/run/run_scenario.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

std::string trace_of(const Scenario& s) {
  std::ostringstream out;
  for (const engine::Run& run : run_scenarios({s}, [](auto...) {})) engine::write(out, run);
  return out.str();
}

class Determinism : public testing::Test {
 protected:
  Determinism() {
    tests::write_random_model(folder_ / "model");
    scenario_.model = folder_ / "model";
    scenario_.head_layers = scenario_.tail_layers = 1;
    scenario_.decode = {"sequential", "ngram"};
    scenario_.prompts = {{"p", "code", "", {1, 2, 3, 4, 5, 1, 2, 3}}};
    scenario_.max_new_tokens = 24;
    scenario_.network.up.loss = scenario_.network.down.loss = 0.01;
  }
  tests::TemporaryFolder folder_;
  Scenario scenario_;
};

TEST_F(Determinism, reference_costs_over_ns3_give_byte_identical_traces) {
  const std::string first = trace_of(scenario_);
  EXPECT_GT(first.size(), 10000u);
  EXPECT_TRUE(first == trace_of(scenario_));
  scenario_.seed = 2;
  EXPECT_FALSE(first == trace_of(scenario_));
}

TEST_F(Determinism, recorded_costs_over_ns3_give_byte_identical_traces_of_the_recorded_durations) {
  scenario_.compute = "measured";
  engine::write_file(folder_ / "measured.jsonl", trace_of(scenario_));
  scenario_.compute = "recorded:" + (folder_ / "measured.jsonl");
  const std::string first = trace_of(scenario_);
  EXPECT_TRUE(first == trace_of(scenario_));
  std::istringstream in(first);
  const auto replayed = engine::read_trace(in, "replayed"),
             measured = engine::read_trace_file(folder_ / "measured.jsonl");
  ASSERT_EQ(replayed.size(), measured.size());
  for (std::size_t i = 0; i < replayed.size(); ++i) EXPECT_EQ(replayed[i].spans, measured[i].spans);
}

}  // namespace
}  // namespace splitwan::scenarios
