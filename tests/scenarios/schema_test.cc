// The table of keys against the readers.
#include <gtest/gtest.h>

#include <set>

#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/scenario.hh"
#include "scenarios/run/validate_link.hh"
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
  std::set<std::string> seen;
  for (const SchemaKey& key : scenario_schema()) {
    EXPECT_TRUE(seen.insert(key.path).second) << key.path;
    EXPECT_FALSE(key.type.empty() || key.help.empty()) << key.path;
  }
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

}  // namespace
}  // namespace splitwan::scenarios
