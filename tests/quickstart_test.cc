// The first CI gate: the quickstart's exact virtual-time figures. When a change means to move them:
//   build/splitwan run scenarios/quickstart.json --json > tests/quickstart_expected.json
#include <gtest/gtest.h>

#include "analysis/summary.hh"
#include "engine/json_file.hh"
#include "scenarios/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

TEST(Quickstart, gives_exactly_the_committed_tokens_per_second_bytes_and_round_trips) {
  const auto scenarios = load_scenarios(SPLITWAN_SOURCE_DIR "/scenarios/quickstart.json", {});
  const Json found = analysis::summarise(run_scenarios(scenarios, [](auto...) {}));
  const Json expected = engine::read_json_file(SPLITWAN_SOURCE_DIR "/tests/quickstart_expected.json");
  ASSERT_EQ(found["results"].size(), expected["results"].size());
  for (std::size_t i = 0; i < found["results"].size(); ++i) {
    for (const auto& [key, value] : expected["results"][i].items()) {
      EXPECT_EQ(found["results"][i][key], value) << "result " << i << ", " << key;
    }
  }
}

}  // namespace
}  // namespace splitwan::scenarios
