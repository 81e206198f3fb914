// The first CI gate: the quickstart's exact virtual-time figures. When a change means to move them:
//   build/splitwan run scenarios/quickstart.json --json > tests/quickstart_expected.json
#include <gtest/gtest.h>

#include "analysis/summary/summary.hh"
#include "engine/base/json_file.hh"
#include "engine/kernels/kernels.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

class Quickstart : public testing::TestWithParam<const engine::kernels::Set*> {
 protected:
  Quickstart() { engine::kernels::use(*GetParam()); }
  ~Quickstart() override { engine::kernels::use(*engine::kernels::available()[0]); }
};

TEST_P(Quickstart, gives_exactly_the_committed_tokens_per_second_bytes_and_round_trips) {
  const auto scenarios = load_scenarios(SPLITWAN_SOURCE_DIR "/scenarios/quickstart.json", {});
  const Json found = analysis::summarise(model::Study(run_scenarios(scenarios, [](auto...) {})));
  const Json expected = engine::read_json_file(SPLITWAN_SOURCE_DIR "/tests/quickstart_expected.json");
  ASSERT_EQ(found["results"].size(), expected["results"].size());
  for (std::size_t i = 0; i < found["results"].size(); ++i) {
    for (const auto& [key, value] : expected["results"][i].items()) {
      EXPECT_EQ(found["results"][i][key], value) << "result " << i << ", " << key;
    }
  }
}

// Bits differ between instruction sets, the chosen tokens must not. The portable set takes minutes: only
// where there is no other.
auto sets() {
  const auto all = engine::kernels::available();
  return std::vector(all.begin(), all.size() > 1 ? all.end() - 1 : all.end());
}
INSTANTIATE_TEST_SUITE_P(by_instruction_set, Quickstart, testing::ValuesIn(sets()),
                         [](const auto& set) { return std::string(set.param->name); });

}  // namespace
}  // namespace splitwan::scenarios
