// What a report makes of a study of DEL.
#include "analysis/report/frontier.hh"

#include <gmock/gmock.h>

#include "analysis/report/markdown.hh"
#include "engine/base/output_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::HasSubstr;

Json row(double found, double perplexity) {
  return {{"perplexity", perplexity},
          {"perplexity_ci90", {perplexity - 1, perplexity + 1}},
          {"agreement", 0.8},
          {"agreement_ci90", {0.7, 0.9}},
          {"attack", "map_lm"},
          {"attack_success", found},
          {"attack_success_ci90", {found / 2, found}}};
}

Json cell(double found, double perplexity, int bits_per_token) {
  Json c = row(found, perplexity);
  c.update({{"mu", 20},
            {"bits", 4},
            {"width", 32},
            {"mode", "as published"},
            {"epsilon", 250},
            {"delta", 1e-5},
            {"bits_per_token", bits_per_token}});
  return c;
}

Json study(std::vector<Json> cells) {
  Json baseline = row(1, 12);
  baseline["kind"] = "none";
  return {{"schema_version", 1},
          {"study", "del"},
          {"name", "s"},
          {"partial", false},
          {"clean", {{"perplexity", 11}}},
          {"cells", std::move(cells)},
          {"baselines", {baseline}}};
}

TEST(Frontier, marks_the_cells_that_no_other_beats_in_leak_perplexity_and_bytes) {
  const Json data = frontier_data(study({cell(.2, 14, 64), cell(.1, 16, 64), cell(.2, 15, 64),
                                         cell(.3, 14, 32), cell(.2, 14, 128), cell(.2, 14, 64)}));
  std::vector<bool> best;
  for (const Json& c : data["cells"]) best.push_back(c["best"].get<bool>());
  EXPECT_EQ(best, (std::vector{true, true, false, true, false, true}));
}

TEST(Frontier, says_what_epsilon_is_worth_and_what_an_attack_is) {
  const Json data = frontier_data(study({cell(.2, 14, 64)}));
  const std::string text = markdown::frontier(data);
  EXPECT_THAT(text, HasSubstr("epsilon is 250 to 250 at delta 1e-05, no meaningful guarantee in any cell"));
  EXPECT_THAT(text, HasSubstr("a lower bound of what leaks"));
  EXPECT_THAT(text, HasSubstr("the server writes the answer and knows it"));
  EXPECT_THAT(text, HasSubstr("| none |"));
}

TEST(Frontier, refuses_a_file_in_one_line_that_names_the_place) {
  const tests::TemporaryFolder folder;
  const auto refusal = [&](const char* pointer, const Json& value) {
    Json file = study({cell(.2, 14, 64)});
    file[Json::json_pointer(pointer)] = value;
    engine::write_file(folder / "s.json", file.dump());
    return tests::error_of([&] { read_del_study(folder / "s.json"); });
  };
  EXPECT_THAT(refusal("/study", "cascade"), HasSubstr("key 'study': expected del, found cascade"));
  EXPECT_THAT(refusal("/cells", Json::array()), HasSubstr("cells: expected a list of at least one cell"));
  EXPECT_THAT(refusal("/cells/0/perplexity", 0.5), HasSubstr("cells[0]: perplexity"));
  EXPECT_THAT(refusal("/cells/0/attack_success_ci90", {0.5, 0.9}),
              HasSubstr("cells[0]: attack_success_ci90"));
  EXPECT_THAT(refusal("/baselines/0/agreement", 2), HasSubstr("baselines[0]: agreement"));
}

}  // namespace
}  // namespace splitwan::analysis
