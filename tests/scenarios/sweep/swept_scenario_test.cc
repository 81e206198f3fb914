// By what a cell's result is known again.
#include "scenarios/sweep/swept_scenario.hh"

#include "engine/base/json_file.hh"
#include "tests/scenarios/sweep/sweep_fixture.hh"

namespace splitwan::scenarios {
namespace {

using testing::ElementsAre, testing::HasSubstr;

std::string hash_in(const SweptFolder& folder, const Json& cell = Json::object(),
                    const Json& set = Json::object()) {
  folder.write("s.json", folder.scenario);
  Design design;
  design.scenario = folder / "s.json";
  design.set = set;
  const SweptScenario swept(design);
  return swept.hash_of(swept.of(cell));
}

TEST(CellHash, is_of_what_the_cell_is_and_not_of_how_it_is_written) {
  SweptFolder folder;
  const std::string hash = hash_in(folder, {{"network.rtt", "20ms"}});
  EXPECT_EQ(hash.size(), 40u);
  EXPECT_NE(hash_in(folder, {{"network.rtt", "21ms"}}), hash);
  EXPECT_EQ(hash_in(folder, Json::object(), {{"network.rtt", "20ms"}}), hash);  // as well by "set"
  folder.scenario["network"] = {{"rate", "100Mbit"}, {"rtt", "20ms"}, {"kind", "ideal"}};
  EXPECT_EQ(hash_in(folder), hash);  // in any order
  folder.scenario["name"] = "another";
  folder.scenario["note"] = "for people";
  folder.scenario["sweep"] = {{"seed", {1, 2}}};
  EXPECT_EQ(hash_in(folder), hash);
  folder.scenario["seed"] = 2;
  EXPECT_NE(hash_in(folder), hash);
}

TEST(CellHash, is_the_same_in_another_folder) {
  const SweptFolder one, other;
  EXPECT_EQ(hash_in(one), hash_in(other));
}

TEST(CellHash, follows_the_contents_of_the_files_that_the_cell_names) {
  SweptFolder folder;
  const std::string hash = hash_in(folder);
  Json profile = engine::read_json_file(folder / "profile.json");
  folder.write("profile.json", profile);  // laid out anew: other bytes
  const std::string rewritten = hash_in(folder);
  EXPECT_NE(rewritten, hash);
  profile["name"] = "slower";
  folder.write("profile.json", profile);
  EXPECT_NE(hash_in(folder), rewritten);
  folder.write("unnamed.json", profile);
  profile["name"] = "slowest";
  const std::string now = hash_in(folder);
  folder.write("unnamed.json", profile);
  EXPECT_EQ(hash_in(folder), now);
}

TEST(CellHash, follows_a_model_s_folder_and_its_prompts) {
  SweptFolder folder;
  std::filesystem::create_directory(folder / "model");
  folder.write("model/config.json", {{"layers", 2}});
  folder.write("model/model.safetensors", "weights");
  folder.write("prompts.json", {{"prompts", {"a"}}});
  folder.scenario = {{"model", "model"}, {"prompts", {"prompts.json", "a text"}}};
  const std::string hash = hash_in(folder);
  folder.write("model/config.json", {{"layers", 3}});
  const std::string other = hash_in(folder);
  EXPECT_NE(other, hash);
  folder.write("prompts.json", {{"prompts", {"b"}}});
  EXPECT_NE(hash_in(folder), other);
}

TEST(SweptScenario, takes_the_place_of_the_scenario_s_own_sweep_and_says_what_it_leaves_out) {
  SweptFolder folder;
  folder.scenario["sweep"] = {{"network.rtt", {"1ms"}}, {"network.loss", {0}}, {"seed", {1, 2}}};
  folder.write("s.json", folder.scenario);
  Design design;
  design.scenario = folder / "s.json";
  design.set = {{"network.loss", 0.1}};
  design.factors = {{"seed", {3}, {}}};
  const SweptScenario swept(design);
  EXPECT_THAT(swept.left_out(), ElementsAre("network.rtt"));
  EXPECT_EQ(swept.of({{"seed", 3}}).value("sweep", Json()), Json());
  EXPECT_EQ(swept.of({{"seed", 3}})["network"]["rtt"], "80ms");
}

TEST(SweptScenario, refuses_what_it_cannot_run) {
  SweptFolder folder;
  const auto refusal = [&](const Json& scenario) {
    folder.write("s.json", scenario);
    Design design;
    design.scenario = folder / "s.json";
    return tests::error_of([&] { SweptScenario swept(design); });
  };
  EXPECT_THAT(refusal({{"study", "del"}}), HasSubstr("found a key \"study\""));
  EXPECT_THAT(refusal({{"validate", {{"seeds", 1}}}}), HasSubstr("found a key \"validate\""));
  EXPECT_THAT(refusal({{"network", Json::object()}}), HasSubstr("neither \"replay\" nor \"model\""));
}

TEST(SweptScenario, knows_runs_that_others_would_disturb) {
  EXPECT_FALSE(runs_alone({{"network", {{"kind", "ns3"}}}}));
  EXPECT_FALSE(runs_alone({{"model", "m"}}));
  EXPECT_TRUE(runs_alone({{"network", {{"kind", "tun"}}}}));
  EXPECT_TRUE(runs_alone({{"network", {{"kind", "sockets"}}}}));
  EXPECT_TRUE(runs_alone({{"compute", "measured"}}));
}

}  // namespace
}  // namespace splitwan::scenarios
