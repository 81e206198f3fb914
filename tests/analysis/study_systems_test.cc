// What a report makes of every system on one chart.
#include <gmock/gmock.h>

#include "tests/fixtures/studied.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using testing::HasSubstr, testing::Not;

Json system_row(const char* system, const char* link, double tokens_per_s, Json more) {
  Json row = {{"system", system},
              {"link", link},
              {"tokens_per_s", tokens_per_s},
              {"time_to_first_token_s", 0.25},
              {"drafter", "ngram"},
              {"bytes_per_token", 4300},
              {"exact", true},
              {"perplexity", nullptr},
              {"attack", nullptr},
              {"attack_success", nullptr},
              {"attack_success_ci90", nullptr},
              {"attack_passes_per_token", nullptr},
              {"epsilon", nullptr},
              {"parties", 0},
              {"non_colluding", 0}};
  row.update(more);
  return row;
}

Json attacked_by(const char* attack, double found, int parties) {
  return {{"attack", attack},
          {"attack_success", found},
          {"attack_success_ci90", {found * 0.9, std::min(1.0, found * 1.1)}},
          {"parties", parties}};
}

Json systems_result() {
  Json split = attacked_by("vocabulary_matching", 1, 1), del = attacked_by("map_lm", 0.125, 1),
       cascade = attacked_by("few keys", 0.75, 20);
  split["attack_passes_per_token"] = 14.5;
  del.update({{"epsilon", 250},
              {"meaning", "epsilon 250 at delta 1e-05: no meaningful formal guarantee"},
              {"exact", false},
              {"perplexity", 16.5},
              {"perplexity_ci90", {15, 18}}});
  cascade.update({{"non_colluding", 20}, {"own_share", 0.25}});
  Json rows = Json::array();
  double speed = 40;
  for (const char* link : {"lan", "20 ms", "80 ms"}) {
    rows.push_back(system_row("all local", link, 41.3, {{"bytes_per_token", 0}}));
    rows.push_back(system_row("split", link, speed, split));
    rows.push_back(system_row("DEL, mu 20", link, speed * 1.1, del));
    rows.push_back(system_row("Cascade", link, speed / 10, cascade));
    speed /= 4;
  }
  return {{"schema_version", 1}, {"study", "systems"}, {"name", "s"}, {"partial", false}, {"systems", rows}};
}

TEST(ReportOfSystems, says_whose_text_is_another_what_is_proved_and_who_must_not_collude) {
  const std::string text = markdown::studied(studied_data(systems_result()));
  EXPECT_THAT(text, HasSubstr("text, token for token, over every link: all local; split; Cascade."));
  EXPECT_THAT(text, HasSubstr("Wrote another text, over some link or all: DEL, mu 20."));
  EXPECT_THAT(text, HasSubstr("Nothing is proved of split; Cascade: what these attacks did not find"));
  EXPECT_THAT(text, HasSubstr("Formal, of DEL, mu 20: epsilon 250 at delta 1e-05: no meaningful"));
  EXPECT_THAT(text, HasSubstr("none of its 20 parties may put what it sees beside another's"));
  EXPECT_THAT(text, HasSubstr("Its own tokens, 25.0 % of all, are not among them"));
  EXPECT_THAT(text, HasSubstr("Sends nothing to anybody: all local."));
  EXPECT_THAT(text, HasSubstr("a lower bound of what leaks"));
  EXPECT_THAT(text, Not(HasSubstr("private")));
  EXPECT_THAT(text, Not(HasSubstr("stopped before its end")));
  Json stopped = systems_result();
  stopped["partial"] = true;
  EXPECT_THAT(markdown::studied(studied_data(stopped)), HasSubstr("stopped before its end"));
}

TEST(ReportOfSystems, tells_every_figure_as_text) {
  const std::string text = markdown::studied(studied_data(systems_result()));
  EXPECT_EQ(tests::count(text, "\n| "), 2 + 12 + 4u);  // headings, a row a link, a row a system
  EXPECT_THAT(text, HasSubstr("| split | 20 ms | 10.000 | 0.250 | ngram | 4300 | yes |"));
  EXPECT_THAT(text, HasSubstr("| DEL, mu 20 | 80 ms | 2.750 | 0.250 | ngram | 4300 | no |"));
  EXPECT_THAT(text, HasSubstr("| all local | the model's own | - | - | - | none | 0 | 0 |"));
  EXPECT_THAT(text,
              HasSubstr("| split | the model's own | vocabulary_matching | 100.0 (90.0 to 100.0) | 14.5 "
                        "| none | 1 | 0 |"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| DEL, mu 20 | 16.50 (15.00 to 18.00) | map_lm | 12.5 (11.2 to 13.8) | - | 250.0 | 1 | 0 |"));
  EXPECT_THAT(text, HasSubstr("| few keys | 75.0 (67.5 to 82.5) | - | none | 20 | 20 |"));
}

TEST(ReportOfSystems, refuses_a_file_in_one_line_that_names_the_place) {
  const Json whole = systems_result();
  ASSERT_EQ(tests::refused(whole), "");
  for (const char* key :
       {"system", "link", "drafter", "tokens_per_s", "time_to_first_token_s", "bytes_per_token", "exact",
        "perplexity", "attack", "attack_success", "attack_success_ci90", "attack_passes_per_token", "epsilon",
        "parties", "non_colluding"})
    EXPECT_THAT(tests::refused_without(whole, "systems", key),
                HasSubstr(fmt::format("systems[0]: key '{}' is missing", key)));
  const auto refusal = [&](const char* pointer, const Json& value) {
    return tests::refused(whole, pointer, value);
  };
  EXPECT_THAT(refusal("/systems", Json::array()), HasSubstr("systems: expected at least one entry"));
  EXPECT_THAT(refusal("/systems/1/tokens_per_s", 0), HasSubstr("systems[1]: tokens_per_s"));
  EXPECT_THAT(refusal("/systems/1/exact", "yes"), HasSubstr("systems[1]: key 'exact'"));
  EXPECT_THAT(refusal("/systems/1/attack_success", 1.5), HasSubstr("systems[1]: attack_success"));
  EXPECT_THAT(refusal("/systems/1/attack_success_ci90", {0.1, 0.2}),
              HasSubstr("systems[1]: attack_success_ci90: expected two numbers around 1"));
  EXPECT_THAT(refusal("/systems/1/attack", nullptr),
              HasSubstr("systems[1]: attack_success: expected null where 'attack' is, found 1"));
  EXPECT_THAT(refusal("/systems/2/perplexity_ci90", {17, 18}), HasSubstr("systems[2]: perplexity_ci90"));
  EXPECT_THAT(refusal("/systems/2/epsilon", "none"), HasSubstr("systems[2]: key 'epsilon'"));
  EXPECT_THAT(refusal("/systems/3/non_colluding", 21),
              HasSubstr("systems[3]: non_colluding: expected a whole number from 0 to 20, found 21"));
  EXPECT_THAT(refusal("/systems/4/link", "lan"),
              HasSubstr("systems[4]: expected another system, link than in [0]"));
  EXPECT_THAT(refusal("/systems/7/parties", 25),
              HasSubstr("systems[7]: parties: expected 20 as over the system's first link, found 25"));
}

TEST(ReportOfSystems, a_browser_draws_every_speed_and_what_is_found_over_the_link_that_is_chosen) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  const std::string section = tests::section_drawn(systems_result());
  EXPECT_EQ(tests::count(section, "class=\"mark group"), 4 * 3u);
  for (int link : {0, 1, 2})
    EXPECT_EQ(tests::count(section, fmt::format("class=\"mark group{}\"", link)), 4u) << link;
  EXPECT_EQ(tests::count(tests::leak_chart(section), "class=\"point "), 3u);
  EXPECT_THAT(tests::leak_chart(section), HasSubstr("all local: nothing is sent"));
  EXPECT_EQ(tests::count(tests::leak_chart(section), "class=\"line control"), 1u);
  EXPECT_THAT(section, HasSubstr("split: 10 tokens/s, 4.3&nbsp;kB a token, 100.0&nbsp;% found"));
  const std::string other = tests::section_drawn(systems_result(), tests::choosing("Link", "80 ms"));
  EXPECT_THAT(other, HasSubstr("split: 2.5 tokens/s, 4.3&nbsp;kB a token"));
  EXPECT_THAT(other, Not(HasSubstr("split: 10 tokens/s, 4.3&nbsp;kB a token")));
  EXPECT_EQ(tests::count(other, "<tr>"), 1 + 4 + 1 + 12u);  // of the link, and of all
}

TEST(ReportOfSystems, a_browser_says_who_was_not_attacked) {
  if (!tests::have("chromium")) GTEST_SKIP() << "chromium is not installed";
  Json study = systems_result();
  study["systems"] = {system_row("split", "lan", 3, {{"parties", 1}})};
  const std::string section = tests::section_drawn(study);
  EXPECT_THAT(section, HasSubstr("Not attacked, so not drawn: split."));
  EXPECT_EQ(tests::leak_chart(section), "");
  EXPECT_EQ(tests::count(section, "class=\"mark group0\""), 1u);
}

}  // namespace
}  // namespace splitwan::analysis
