// `splitwan run`, `attack` and `train` from outside.
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;

std::string saved(const TemporaryFolder& folder, const std::string& name, const json& content) {
  std::ofstream(folder / name) << content;
  return folder / name;
}

json small_scenario() {
  return {{"model", demo_model},
          {"network", {{"kind", "ideal"}, {"rtt", "20ms"}}},
          {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}}}},
          {"max_new_tokens", 4}};
}

TEST(Run, prints_its_summary_and_keeps_its_trace) {
  const TemporaryFolder folder;
  const std::string file = saved(folder, "s.json", small_scenario());
  const Outcome o = splitwan("run " + file + " --json -o " + folder / "t.jsonl");
  ASSERT_EQ(o.code, 0) << o.err;
  ASSERT_EQ(o.json()["results"].size(), 1u);
  EXPECT_EQ(json::parse(splitwan("report --json " + folder / "t.jsonl").out)["results"], o.json()["results"]);
}

TEST(Run, sets_keys_and_repeats_itself_to_the_byte) {
  const TemporaryFolder folder;
  const std::string file = saved(folder, "s.json", small_scenario());
  const Outcome o =
      splitwan("run " + file + " --set network.rtt=80ms --set max_new_tokens=3 --check-determinism --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("0.08"), std::string::npos);
}

TEST(Run, refuses_in_one_line_that_names_the_key) {
  const TemporaryFolder folder;
  const std::string file = saved(folder, "s.json", small_scenario());
  expect_refusal("run", "scenario");
  expect_refusal("run /none.json", "/none.json");
  expect_refusal("run " + file + " --set network.rt=80ms", "rt");
  expect_refusal("run " + file + " --set wire=f99", "wire");
  expect_refusal("run " + file + " --set seed", "--set");
  expect_refusal("run " + file + " -o " + file, "s.json");
}

TEST(Compare, says_whether_two_traces_take_as_long) {
  const TemporaryFolder folder;
  const std::string file = saved(folder, "s.json", small_scenario()), a = folder / "a.jsonl",
                    b = folder / "b.jsonl";
  ASSERT_EQ(splitwan("run " + file + " -o " + a).code, 0);
  ASSERT_EQ(splitwan("run " + file + " --set network.rtt=22ms -o " + b).code, 0);
  const Outcome same = splitwan("compare " + a + " " + a + " --json");
  EXPECT_EQ(same.code, 0) << same.err;
  EXPECT_TRUE(same.json()["holds"].get<bool>());
  EXPECT_EQ(same.json()["rows"][0]["mean_error"], 0);
  EXPECT_GE(expect_said(same.json(), "compare"), 10u);
  const Outcome other = splitwan("compare " + a + " " + b + " --json --p95 50%");
  EXPECT_EQ(other.code, 1);
  EXPECT_NEAR(other.json()["rows"][0]["mean_error"].get<double>(), 0.1, 0.02);
  EXPECT_EQ(splitwan("compare " + a + " " + b + " --mean 20% --p95 20%").code, 0);
  expect_refusal("compare " + a + " /none.jsonl", "/none.jsonl");
}

json small_recipe(const TemporaryFolder& folder) {
  std::string text;
  for (int i = 0; i < 900; ++i)
    text += "the cat " + std::to_string(i * 7919 % 100) + " sees a dog\nand likes bird " + std::to_string(i) +
            ".\n";
  std::ofstream(folder / "text.txt") << text;
  return {{"model",
           {{"layers", 2},
            {"width", 32},
            {"heads", 4},
            {"kv_heads", 2},
            {"head_dim", 8},
            {"ffn", 48},
            {"context", 64}}},
          {"tokenizer", {{"train", {{"vocabulary", 300}}}}},
          {"data", {{{"name", "text"}, {"path", "text.txt"}}}},
          {"context", 16},
          {"batch", 2},
          {"steps", 8},
          {"warmup", 1},
          {"learning_rate", 1e-3}};
}

TEST(Train, stops_where_it_is_told_and_goes_on_from_there) {
  const TemporaryFolder folder;
  const std::string recipe = saved(folder, "r.json", small_recipe(folder)), model = folder / "model";
  const Outcome half = splitwan("train " + recipe + " --stop-at 4 --save-minutes 1 --json -o " + model);
  ASSERT_EQ(half.code, 0) << half.err;
  const Outcome whole = splitwan("train " + recipe + " --minutes 5 --json -o " + model);
  ASSERT_EQ(whole.code, 0) << whole.err;
  EXPECT_EQ(half.json()["steps"], 4);
  EXPECT_EQ(whole.json()["steps"], 8);
  EXPECT_EQ(splitwan("generate --model " + model + " --prompt 'the cat' --max-new-tokens 2").code, 0);
}

TEST(Train, refuses_in_one_line_that_names_the_key) {
  const TemporaryFolder folder;
  json recipe = small_recipe(folder);
  recipe["stepz"] = 3;
  expect_refusal("train -o " + folder / "m", "recipe");
  expect_refusal("train " + saved(folder, "r.json", small_recipe(folder)), "--output");
  expect_refusal("train " + saved(folder, "bad.json", recipe) + " -o " + folder / "m", "stepz");
  expect_refusal("train " + folder / "r.json" + " --minutes 0 -o " + folder / "m", "--minutes");
}

TEST(Attack, tries_what_the_scenario_says_and_keeps_the_result) {
  const TemporaryFolder folder;
  const std::string file = saved(folder, "a.json",
                                 {{"model", demo_model},
                                  {"documents", SPLITWAN_SOURCE_DIR "/scenarios/attack-documents.json"},
                                  {"depths", {1}},
                                  {"attackers", {"unigram"}},
                                  {"seeds", {1}},
                                  {"pairs", 1000},
                                  {"document_limit", 2},
                                  {"text_tokens", 64}});
  const Outcome o = splitwan("attack " + file + " --set depths=[2] --json -o " + folder / "result.json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["scenario"]["depths"], json({2}));
  EXPECT_EQ(json::parse(text_of(folder / "result.json")), o.json());
}

TEST(Attack, refuses_in_one_line_that_names_the_key) {
  const std::string attack = "attack " SPLITWAN_SOURCE_DIR "/scenarios/attack.json ";
  expect_refusal("attack", "scenario");
  expect_refusal(attack + "--set 'attackers=[\"oracle\"]'", "oracle");
  expect_refusal(attack + "--set 'defences=[\"prayer\"]'", "prayer");
  expect_refusal(attack + "--set depth=[2]", "depth");
  expect_refusal("attack /none.json", "/none.json");
}

}  // namespace
}  // namespace splitwan::tests
