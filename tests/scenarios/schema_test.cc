// The table of keys against the readers.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "analysis/attacks/suite/suite.hh"
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

using tests::error_of;

Json at_path(const std::string& dotted, Json value) {
  for (std::size_t end = dotted.size(); end != std::string::npos;) {
    const std::size_t dot = dotted.rfind('.', end - 1);
    value = {{dotted.substr(dot == std::string::npos ? 0 : dot + 1, end - (dot + 1)), value}};
    end = dot;
  }
  return value;
}

TEST(Schema, names_every_key_once_with_its_type_and_help) {
  for (const auto& schema : {scenario_schema(), replay_schema(), validation_schema(),
                             attacks::attack_schema(), speed_schema(), recipe_schema(), design_schema(),
                             del_study_schema(), cascade_study_schema(), systems_study_schema()}) {
    std::set<std::string> seen;
    EXPECT_FALSE(schema.empty());
    for (const SchemaKey& key : schema) {
      EXPECT_TRUE(seen.insert(key.path).second) << key.path;
      EXPECT_FALSE(key.type.empty() || key.help.empty()) << key.path;
    }
  }
}

TEST(Schema, holds_what_people_set_most) {
  std::set<std::string> seen;
  for (const SchemaKey& key : scenario_schema()) seen.insert(key.path);
  for (const char* path :
       {"wire", "sampling.top_k", "network.rtt", "network.tcp.segment", "network.schedule"})
    EXPECT_TRUE(seen.count(path)) << path;
}

TEST(Schema, holds_no_key_that_scenarios_do_not_know) {
  for (const SchemaKey& key : scenario_schema()) {
    Scenario s;
    const std::string error = error_of([&] { read_keys(s, at_path(key.path, nullptr), "f.json"); });
    EXPECT_EQ(error.find("unknown key"), std::string::npos) << error;
  }
}

TEST(Schema, of_replays_and_validations_holds_no_key_that_they_do_not_know) {
  for (const SchemaKey& key : replay_schema()) {
    const std::string error = error_of([&] { read_replays(at_path(key.path, nullptr), "f.json"); });
    EXPECT_EQ(error.find("unknown key"), std::string::npos) << error;
  }
  for (const SchemaKey& key : validation_schema()) {
    const std::string error = error_of([&] { read_validations(at_path(key.path, nullptr), "f.json"); });
    EXPECT_EQ(error.find("unknown key"), std::string::npos) << error;
  }
}

// Where "data[].name" stands in a file.
Json::json_pointer pointer_to(const std::string& path) {
  std::string pointer = "/";
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path.compare(i, 2, "[]") == 0) {
      pointer += "/0";
      ++i;
    } else {
      pointer += path[i] == '.' ? '/' : path[i];
    }
  }
  return Json::json_pointer(pointer);
}

// A file that says all that must be said is read as it is, and with each default written out; without a key
// that must be given, or with one of no schema, it is refused by that key's name.
template <typename Read>
int expect_read_as_said(const std::vector<SchemaKey>& schema, const Json& file, Read read) {
  EXPECT_EQ(error_of([&] { read(file); }), "");
  int tried = 0;
  for (const SchemaKey& key : schema) {
    const auto pointer = pointer_to(key.path);
    const std::string& name = pointer.back();
    Json changed = file;
    if (key.otherwise.empty()) {
      changed[pointer.parent_pointer()].erase(name);
      EXPECT_NE(error_of([&] { read(changed); }).find("'" + name + "'"), std::string::npos) << key.path;
    } else if (const Json value = Json::parse(key.otherwise, nullptr, false); !value.is_discarded()) {
      changed[pointer] = value;
      EXPECT_EQ(error_of([&] { read(changed); }), "") << key.path;
    } else {
      continue;
    }
    changed = file;
    changed[pointer.parent_pointer()]["nonesuch"] = 1;
    EXPECT_NE(error_of([&] { read(changed); }).find("unknown key 'nonesuch'"), std::string::npos) << key.path;
    ++tried;
  }
  return tried;
}

TEST(Schema, of_attacks_is_what_they_are_read_by) {
  const Json file = {{"model", "model"}, {"documents", "texts.json"}};
  EXPECT_GE(expect_read_as_said(attacks::attack_schema(), file,
                                [](const Json& j) { attacks::read_options(j, "f.json"); }),
            20);
  EXPECT_GE(expect_read_as_said(speed_schema(), {{"scenario", "runs.json"}, {"rtt", "80ms"}},
                                [](const Json& j) { speed_question(j, "f.json"); }),
            2);
}

TEST(Schema, of_recipes_is_what_they_are_read_by) {
  const Json file = {{"model",
                      {{"layers", 2},
                       {"width", 32},
                       {"heads", 4},
                       {"kv_heads", 2},
                       {"head_dim", 8},
                       {"ffn", 48},
                       {"context", 64}}},
                     {"tokenizer", {{"train", {{"vocabulary", 400}}}}},
                     {"data", Json::array({{{"name", "text"}, {"path", "text.txt"}}})},
                     {"teacher", {{"model", "teacher"}, {"windows", 10}}},
                     {"steps", 10},
                     {"learning_rate", 1e-3}};
  const tests::TemporaryFolder folder;
  EXPECT_GE(expect_read_as_said(recipe_schema(), file,
                                [&](const Json& j) {
                                  std::ofstream(folder / "r.json") << j;
                                  read_recipe(folder / "r.json");
                                }),
            25);
}

TEST(Schema, of_recipes_for_maps_is_what_they_are_read_by) {
  const tests::TemporaryFolder folder;
  EXPECT_GE(expect_read_as_said(del_recipe_schema(), {{"kind", "del"}, {"model", "m"}, {"steps", 10}},
                                [&](const Json& j) {
                                  std::ofstream(folder / "r.json") << j;
                                  read_del_recipe(folder / "r.json");
                                }),
            15);
}

TEST(Schema, of_recipes_for_soft_prompts_is_what_they_are_read_by) {
  const tests::TemporaryFolder folder;
  EXPECT_GE(expect_read_as_said(soft_prompt_recipe_schema(),
                                {{"kind", "soft-prompt"}, {"model", "m"}, {"weights", "w"}, {"steps", 10}},
                                [&](const Json& j) {
                                  std::ofstream(folder / "r.json") << j;
                                  read_soft_prompt_recipe(folder / "r.json");
                                }),
            20);
}

}  // namespace
}  // namespace splitwan::scenarios
