// What a report makes of a study of DEL.
#include <gmock/gmock.h>

#include "tests/fixtures/studied.hh"

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

TEST(ReportOfDel, marks_the_cells_that_no_other_beats_in_leak_perplexity_and_bytes) {
  const Json data = studied_data(study({cell(.2, 14, 64), cell(.1, 16, 64), cell(.2, 15, 64),
                                        cell(.3, 14, 32), cell(.2, 14, 128), cell(.2, 14, 64)}));
  std::vector<bool> best;
  for (const Json& c : data["cells"]) best.push_back(c["best"].get<bool>());
  EXPECT_EQ(best, (std::vector{true, true, false, true, false, true}));
}

TEST(ReportOfDel, says_what_epsilon_is_worth_and_what_an_attack_is) {
  const Json data = studied_data(study({cell(.2, 14, 64)}));
  const std::string text = markdown::studied(data);
  EXPECT_THAT(text, HasSubstr("epsilon is 250 to 250 at delta 1e-05, no meaningful guarantee in any cell"));
  EXPECT_THAT(text, HasSubstr("a lower bound of what leaks"));
  EXPECT_THAT(text, HasSubstr("the server writes the answer and knows it"));
  EXPECT_THAT(text, HasSubstr("| none |"));
}

TEST(ReportOfDel, refuses_a_file_in_one_line_that_names_the_place) {
  const Json whole = study({cell(.2, 14, 64)});
  const auto refusal = [&](const char* pointer, const Json& value) {
    return tests::refused(whole, pointer, value);
  };
  EXPECT_EQ(refusal("/name", "s"), "");
  EXPECT_THAT(refusal("/study", "weather"),
              HasSubstr("key 'study': expected del or systems or cascade, found weather"));
  EXPECT_THAT(refusal("/cells", Json::array()), HasSubstr("cells: expected at least one entry"));
  EXPECT_THAT(refusal("/cells/0/perplexity", 0.5), HasSubstr("cells[0]: perplexity"));
  EXPECT_THAT(refusal("/cells/0/attack_success_ci90", {0.5, 0.9}),
              HasSubstr("cells[0]: attack_success_ci90"));
  EXPECT_THAT(refusal("/baselines/0/agreement", 2), HasSubstr("baselines[0]: agreement"));
}

TEST(ReportOfDel, a_browser_draws_a_mark_a_cell_and_a_ring_about_those_that_no_other_beats) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string section =
      tests::section_drawn(study({cell(.2, 14, 64), cell(.2, 15, 64), cell(.1, 16, 64)}));
  EXPECT_EQ(tests::count(tests::leak_chart(section), "class=\"point "), 3 + 1u);
  EXPECT_EQ(tests::count(section, "class=\"best\""), 2u);
  EXPECT_EQ(tests::count(section, "class=\"line control"), 1u);
}

}  // namespace
}  // namespace splitwan::analysis
