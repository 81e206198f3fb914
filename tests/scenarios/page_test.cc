// scenarios/README.md against the schema that files are read by.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "analysis/attacks/exam/options.hh"
#include "engine/base/json_file.hh"
#include "scenarios/commands/lab/attack_speed.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/scenario.hh"
#include "scenarios/run/validate_link.hh"
#include "scenarios/study/cascade_study.hh"
#include "scenarios/study/del_options.hh"
#include "scenarios/study/systems_study.hh"
#include "scenarios/sweep/design.hh"
#include "scenarios/train/del/del_recipe.hh"
#include "scenarios/train/del/soft_prompt_recipe.hh"
#include "scenarios/train/recipe.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

std::string page() {
  std::stringstream text;
  text << std::ifstream(SPLITWAN_SOURCE_DIR "/scenarios/README.md").rdbuf();
  return text.str();
}

// The rows of the table under a heading.
std::set<std::string> rows_under(const std::string& heading) {
  std::set<std::string> rows;
  std::istringstream text(page());
  bool inside = false;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("## ", 0) == 0) inside = line == "## " + heading;
    if (inside && line.rfind("| `", 0) == 0) rows.insert(line);
  }
  return rows;
}

std::set<std::string> rows_of(const std::vector<SchemaKey>& schema) {
  std::set<std::string> rows;
  for (const SchemaKey& key : schema)
    rows.insert(fmt::format("| `{}` | {} | {} | {} |", key.path, key.type,
                            key.otherwise.empty() ? "must be given" : key.otherwise, key.help));
  return rows;
}

TEST(ScenariosPage, holds_every_key_with_its_unit_default_and_meaning_and_no_other) {
  EXPECT_EQ(rows_under("Keys of a scenario that runs a model"), rows_of(scenario_schema()));
  EXPECT_EQ(rows_under("Keys of a replay"), rows_of(replay_schema()));
  EXPECT_EQ(rows_under("Keys of a validation"), rows_of(validation_schema()));
  EXPECT_EQ(rows_under("Keys of a sweep's design"), rows_of(design_schema()));
  auto attack = attacks::attack_schema();
  append(attack, speed_schema(), "speed.");
  EXPECT_EQ(rows_under("Keys of an attack"), rows_of(attack));
  EXPECT_EQ(rows_under("Keys of a training recipe"), rows_of(recipe_schema()));
  EXPECT_EQ(rows_under("Keys of a training recipe of kind del"), rows_of(del_recipe_schema()));
  EXPECT_EQ(rows_under("Keys of a training recipe of kind soft-prompt"),
            rows_of(soft_prompt_recipe_schema()));
  EXPECT_EQ(rows_under("Keys of a study of DEL"), rows_of(del_study_schema()));
  EXPECT_EQ(rows_under("Keys of a study of Cascade"), rows_of(cascade_study_schema()));
  EXPECT_EQ(rows_under("Keys of a study of systems"), rows_of(systems_study_schema()));
}

TEST(ScenariosPage, shows_scenarios_that_are_read) {
  const std::string text = page(), fence = "```json\n";
  int shown = 0;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at + 1), ++shown) {
    const auto begin = at + fence.size();
    Json json = Json::parse(text.substr(begin, text.find("```", begin) - begin));
    json["model"] = SPLITWAN_SOURCE_DIR "/scenarios/" + json["model"].get<std::string>();
    const tests::TemporaryFolder folder;
    std::ofstream(folder / "s.json") << json;
    EXPECT_EQ(load_scenarios(folder / "s.json", {}).size(), 2u);
  }
  EXPECT_EQ(shown, 1);
}

}  // namespace
}  // namespace splitwan::scenarios
