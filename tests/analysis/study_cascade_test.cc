// What a report makes of a study of sharded tokens.
#include <gmock/gmock.h>

#include "tests/fixtures/studied.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Not;

Json sharded(int alpha, int cluster, const char* network, const char* drafter) {
  const int nodes = alpha + alpha * alpha, bytes = 100'000 * nodes;
  return {{"alpha", alpha},
          {"c", cluster},
          {"network", network},
          {"drafter", drafter},
          {"nodes", nodes},
          {"identical", true},
          {"first_difference", nullptr},
          {"max_logit_diff", 7.5e-6},
          {"bytes", bytes},
          {"formula_bytes", bytes},
          {"client_bytes", 74'240},
          {"client_formula_bytes", 74'240},
          {"messages", 3456},
          {"hops", 26},
          {"hole_gap", alpha},
          {"inside_gap", cluster > 1 ? 1 : alpha},
          {"tokens_per_s", 80.0 / alpha / (std::string(network) == "wan" ? 50 : 1)},
          {"tokens_per_step", 1.25},
          {"time_to_first_token_s", 0.125}};
}

Json cascade_result() {
  Json cells = Json::array();
  for (const int alpha : {3, 8})
    for (const int cluster : {1, 3})
      for (const char* network : {"lan", "wan"})
        for (const char* drafter : {"sequential", "ngram"})
          cells.push_back(sharded(alpha, cluster, network, drafter));
  return {{"schema_version", 1}, {"study", "cascade"}, {"name", "c"}, {"partial", false}, {"cells", cells}};
}

Json differing(bool close_call) {
  return {{"prompt", "keeper"}, {"token", 5}, {"margin", 1.5e-4}, {"close_call", close_call}};
}

TEST(ReportOfCascade, counts_cells_that_agree_with_local_decoding_and_with_the_closed_form) {
  Json study = cascade_result();
  const auto said = [&] { return markdown::studied(studied_data(study)); };
  EXPECT_THAT(said(), HasSubstr("Local decoding's text, token for token, in 16 of 16 cells.\n"));
  EXPECT_THAT(said(), HasSubstr("headers included, in 16 of 16 cells."));
  EXPECT_THAT(said(), HasSubstr("differ by at most 7.5e-06."));
  EXPECT_THAT(said(), HasSubstr("A reconstruction of Cascade"));
  EXPECT_THAT(said(), HasSubstr("Nothing is proved of what a node reads."));
  for (const int i : {2, 3, 5}) study["cells"][i]["identical"] = false;
  study["cells"][2]["first_difference"] = differing(true);
  study["cells"][3]["first_difference"] = differing(false);
  study["cells"][7]["bytes"] = 1, study["cells"][8]["client_bytes"] = 1;
  study["cells"][9]["max_logit_diff"] = 0.25;
  EXPECT_THAT(said(), HasSubstr("in 13 of 16 cells; of the other 3, 1 first differ where"));
  EXPECT_THAT(said(), HasSubstr("headers included, in 14 of 16 cells."));
  EXPECT_THAT(said(), HasSubstr("differ by at most 2.5e-01."));
  EXPECT_THAT(said(), HasSubstr("| no (keeper, token 5, margin 1.5e-04) |"));
}

TEST(ReportOfCascade, tells_every_figure_as_text) {
  Json study = cascade_result();
  study["cells"][0]["hole_gap"] = nullptr;
  const std::string text = markdown::studied(studied_data(study));
  EXPECT_EQ(tests::count(text, "\n| "), 1 + 16u);
  EXPECT_THAT(text,
              HasSubstr("| lan | 3 | 1 | 12 | sequential | 26.667 | 1.25 | 0.125 | yes | 7.5e-06 | 1200000 "
                        "| 1200000 | 74240 | 74240 | 3456 | 26 | - | 3 |"));
  EXPECT_THAT(text, HasSubstr("| wan | 8 | 3 | 72 | ngram | 0.200 |"));
}

TEST(ReportOfCascade, refuses_a_file_in_one_line_that_names_the_place) {
  const Json whole = cascade_result();
  ASSERT_EQ(tests::refused(whole), "");
  for (const auto& [key, value] : whole["cells"][0].items())
    EXPECT_THAT(tests::refused_without(whole, "cells", key),
                HasSubstr(fmt::format("cells[0]: key '{}' is missing", key)));
  const auto refusal = [&](const char* pointer, const Json& value) {
    return tests::refused(whole, pointer, value);
  };
  EXPECT_THAT(refusal("/cells", Json::array()), HasSubstr("cells: expected at least one entry"));
  EXPECT_THAT(refusal("/cells/1/alpha", 0), HasSubstr("cells[1]: alpha"));
  EXPECT_THAT(refusal("/cells/1/identical", 1), HasSubstr("cells[1]: key 'identical'"));
  EXPECT_THAT(refusal("/cells/1/bytes", 1.5), HasSubstr("cells[1]: key 'bytes'"));
  EXPECT_THAT(refusal("/cells/1/inside_gap", -1), HasSubstr("cells[1]: key 'inside_gap'"));
  EXPECT_THAT(refusal("/cells/1/tokens_per_s", nullptr), HasSubstr("cells[1]: key 'tokens_per_s'"));
  EXPECT_THAT(refusal("/cells/1/first_difference", {{"prompt", "keeper"}}),
              HasSubstr("cells[1]: first_difference: key 'token' is missing"));
  EXPECT_THAT(refusal("/cells/1/drafter", "sequential"),
              HasSubstr("cells[1]: expected another alpha, c, network, drafter than in [0]"));
}

TEST(ReportOfCascade, a_browser_draws_speeds_and_bytes_of_what_is_chosen) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  Json study = cascade_result();
  for (Json& c : study["cells"])
    if (c["c"] == 3) c["tokens_per_s"] = 7.77;
  study["cells"][2]["bytes"] = 1'400'000;  // alpha 3, c 1, wan, sequential: 1.2 MB over the LAN
  const std::string section = tests::section_drawn(study);
  EXPECT_EQ(tests::count(section, "class=\"mark group"),
            2 * 2 + 2 * 2u);  // networks by shards; shards by peer
  EXPECT_EQ(tests::count(section, "class=\"whisker"), 1u);
  EXPECT_THAT(section,
              HasSubstr("3 shards, 12 nodes, among the nodes: 1.3&nbsp;MB (1.2&nbsp;MB to 1.4&nbsp;MB)"));
  EXPECT_THAT(section, HasSubstr("wan, 8 shards, 72 nodes: 0.2"));
  EXPECT_EQ(tests::count(section, "<tr>"), 1 + 4 + 1 + 16u);
  const std::string other =
      tests::section_drawn(study, tests::choosing("Consecutive tokens of one shard (c)", "3"));
  EXPECT_THAT(other, HasSubstr("wan, 8 shards, 72 nodes: 7.77"));
  EXPECT_THAT(other, Not(HasSubstr("72 nodes: 0.2\"")));
}

}  // namespace
}  // namespace splitwan::analysis
