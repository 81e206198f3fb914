// `splitwan gate` as a pipeline has it: exit codes, files, and what it says of wrong input.
#include <gmock/gmock.h>

#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A replay over ns-3 in a folder of its own.
class GateCommand : public testing::Test {
 protected:
  GateCommand() { scenario("s.json", "80ms"); }

  void scenario(const std::string& file, const std::string& rtt, const json& also = json::object()) {
    json s = {{"name", "small"},
              {"replay",
               {{"profile", SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json"},
                {"batches",
                 {{"name", "ngram"},
                  {"prompt", 24},
                  {"steps", 8},
                  {"wide_every", 3},
                  {"wide_rows", {9}},
                  {"tokens_per_step", 2}}}}},
              {"network", {{"kind", "ns3"}, {"rtt", rtt}, {"rate", "100Mbit"}}}};
    s.update(also);
    std::ofstream(folder / file) << s;
  }
  Outcome gate(const std::string& options, const std::string& file = "s.json") {
    return splitwan("gate " + folder / file + " --baseline " + baseline() + " " + options);
  }
  std::string baseline() const { return folder / "b.json"; }
  // The baseline says that it is of `file`, too: what a change in our code would look like.
  void call_it_of(const std::string& file) {
    const std::string other = folder / "other.json";
    ASSERT_EQ(splitwan("gate " + folder / file + " --baseline " + other + " --update").code, 0);
    const auto print = [](const std::string& path) {
      return json::parse(text_of(path))["scenarios"][0]["fingerprint"]["scenario"].get<std::string>();
    };
    std::string text = text_of(baseline());
    const std::string was = print(baseline());
    text.replace(text.find(was), was.size(), print(other));
    std::ofstream(baseline()) << text;
  }
  TemporaryFolder folder;
};

TEST_F(GateCommand, passes_what_is_as_in_the_baseline) {
  ASSERT_EQ(gate("--update").code, 0);
  const std::string written = text_of(baseline());
  const Outcome again = gate("--json --strict --jobs 1");
  EXPECT_EQ(again.code, 0) << again.err;
  const json j = again.json();
  EXPECT_EQ(j["verdict"], "pass");
  ASSERT_EQ(j["cells"].size(), 6u);
  for (const json& cell : j["cells"]) {
    EXPECT_EQ(cell["scenario"], "small");
    EXPECT_EQ(cell["cell"], "80 ms, 100 Mbit/s, ngram");
    EXPECT_EQ(cell["verdict"], "pass");
    EXPECT_EQ(cell["baseline"], cell["current"]);
    EXPECT_EQ(cell["reason"], "");
  }
  expect_said(j, "gate");
  EXPECT_THAT(gate("").out, testing::Not(HasSubstr("tokens_per_step")));
  EXPECT_THAT(gate("--all").out, HasSubstr("tokens_per_step"));
  EXPECT_EQ(text_of(baseline()), written) << "nothing but --update writes it";
  ASSERT_EQ(gate("--update").code, 0);
  EXPECT_EQ(text_of(baseline()), written) << "and it writes the same again";
}

TEST_F(GateCommand, ends_with_1_for_a_regression_and_says_why) {
  scenario("faster.json", "79ms");
  ASSERT_EQ(gate("--update", "faster.json").code, 0);
  call_it_of("s.json");
  const Outcome o = gate("--json --junit " + folder / "j.xml" + " --markdown " + folder / "c.md" +
                         " --benchmark " + folder / "bench.json" + " --html " + folder / "p.html");
  EXPECT_EQ(o.code, 1) << o.err;
  const json j = o.json();
  EXPECT_EQ(j["verdict"], "regressed");
  expect_said(j, "gate");
  EXPECT_EQ(j["cells"][0]["metric"], "tokens_per_s");
  EXPECT_EQ(j["cells"][0]["verdict"], "regressed");
  EXPECT_THAT(j["cells"][0]["reason"].get<std::string>(),
              HasSubstr("this cell was '79 ms, 100 Mbit/s, ngram'; run 0 (stated), step 1: "));
  EXPECT_EQ(j["differences"][0]["first"]["what"], "waiting");
  EXPECT_THAT(text_of(folder / "j.xml"), HasSubstr("<failure"));
  EXPECT_THAT(text_of(folder / "c.md"), HasSubstr("regressed"));
  EXPECT_THAT(text_of(folder / "p.html"), HasSubstr("79 ms, 100 Mbit/s, ngram"));
  EXPECT_THAT(gate("").out, HasSubstr("regressed  small"));
  EXPECT_EQ(gate("--allow tokens_per_s=-5% --allow time_to_first_token_s=+5% --allow total_s=+5%").code, 0);
  EXPECT_EQ(gate("--update").code, 0) << "on purpose";
  EXPECT_EQ(gate("").code, 0);
}

TEST_F(GateCommand, ends_with_0_for_a_change_for_the_better_and_with_1_where_strict) {
  scenario("slower.json", "81ms");
  ASSERT_EQ(gate("--update", "slower.json").code, 0);
  call_it_of("s.json");
  const Outcome o = gate("--json");
  EXPECT_EQ(o.code, 0);
  EXPECT_EQ(o.json()["verdict"], "improved");
  EXPECT_THAT(gate("").out, HasSubstr("--update makes these values the baseline"));
  EXPECT_EQ(gate("--strict").code, 1);
}

TEST_F(GateCommand, ends_with_3_where_the_experiment_is_another) {
  ASSERT_EQ(gate("--update").code, 0);
  scenario("s.json", "81ms");
  const Outcome o = gate("--json");
  EXPECT_EQ(o.code, 3);
  EXPECT_EQ(o.json()["verdict"], "inconclusive");
  EXPECT_THAT(o.json()["cells"][0]["reason"].get<std::string>(),
              HasSubstr("not the same experiment, not compared: scenario: baseline "));
}

TEST_F(GateCommand, knows_a_file_that_a_scenario_names_by_its_content) {
  const auto prompt = [&](const char* text) {
    std::ofstream(folder / "p.json") << json{{"class", "code"}, {"prompts", {text}}};
  };
  prompt("def add(a, b):");
  std::ofstream(folder / "m.json") << json{{"model", demo_model},
                                           {"prompts", {"p.json"}},
                                           {"network", {{"kind", "ideal"}, {"rtt", "20ms"}}},
                                           {"max_new_tokens", 3}};
  ASSERT_EQ(gate("--update", "m.json").code, 0);
  EXPECT_EQ(gate("", "m.json").code, 0);
  prompt("def sub(a, b):");
  const Outcome o = gate("", "m.json");
  EXPECT_EQ(o.code, 3);
  EXPECT_THAT(o.out, HasSubstr("file p.json: baseline "));
  const json print = json::parse(text_of(baseline()))["scenarios"][0]["fingerprint"];
  EXPECT_TRUE(print.contains("model"));
  EXPECT_EQ(print["instruction_sets"].size(), 1u);
}

TEST_F(GateCommand, takes_an_instruction_set_that_gives_the_same_into_the_baseline) {
  std::ofstream(folder / "m.json") << json{
      {"model", demo_model},
      {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}}}},
      {"network", {{"kind", "ideal"}, {"rtt", "20ms"}}},
      {"max_new_tokens", 3}};
  ASSERT_EQ(gate("--update", "m.json").code, 0);
  const auto sets = [&] {
    return json::parse(text_of(baseline()))["scenarios"][0]["fingerprint"]["instruction_sets"];
  };
  const json before = sets();
  setenv("SPLITWAN_INSTRUCTION_SET", "portable", 1);
  const bool other = before != json{"portable"};
  const Outcome on_it = gate("", "m.json");
  EXPECT_EQ(on_it.code, other ? 3 : 0);
  if (other) EXPECT_THAT(on_it.out, HasSubstr("instruction_sets: baseline "));
  EXPECT_EQ(gate("--update", "m.json").code, 0);
  unsetenv("SPLITWAN_INSTRUCTION_SET");
  EXPECT_EQ(sets().size(), other ? 2u : 1u);
  EXPECT_EQ(gate("", "m.json").code, 0);
  setenv("SPLITWAN_INSTRUCTION_SET", "abacus", 1);
  EXPECT_THAT(gate("", "m.json").err, HasSubstr("SPLITWAN_INSTRUCTION_SET: expected "));
  unsetenv("SPLITWAN_INSTRUCTION_SET");
}

TEST_F(GateCommand, refuses_what_it_cannot_compare) {
  const std::string s = "gate " + folder / "s.json", b = " --baseline " + baseline();
  expect_refusal(s, "nothing to compare with: --baseline FILE, --against PATH or both");
  expect_refusal(s + " --against " + folder.string() + " --strict", "are of a baseline: --baseline FILE");
  expect_refusal(s + " --against " + folder / "none", "none");
  expect_refusal(s + b + " --alpha 0.01", "--alpha requires --against");
  expect_refusal(s + b, "b.json: ");
  expect_refusal(s + " --baseline " + folder.string(), folder.string());
  ASSERT_EQ(gate("--update").code, 0);
  expect_refusal(s + " " + folder / "s.json" + b, "scenario 'small': named so by two of the files");
  expect_refusal("gate " SPLITWAN_SOURCE_DIR "/scenarios/cascade.json" + b,
                 "study: a gate compares runs step by step");
  expect_refusal("gate " SPLITWAN_SOURCE_DIR "/scenarios/validate-link.json" + b, "validates links");
  expect_refusal(s + b + " --allow speed=-1%", "metric 'speed': expected one of tokens_per_s, ");
  expect_refusal(s + b + " --junit " + folder / "none" + "/j.xml", "none");
  expect_refusal(s + b + " --junit " + baseline(), "b.json");
  scenario("budget.json", "80ms", {{"privacy", {{"budget", "b"}}}});
  expect_refusal("gate " + folder / "budget.json" + b, "privacy.budget: a gate would spend it");
  std::ofstream(folder / "m.json") << json{{"model", demo_model},
                                           {"prompts", {{{"name", "p"}, {"class", "code"}, {"text", "a"}}}},
                                           {"compute", "measured"}};
  expect_refusal("gate " + folder / "m.json" + b, "compute: measured times are never alike");
  scenario("s2.json", "80ms", {{"name", "other"}});
  expect_refusal("gate " + folder / "s2.json" + b,
                 "has no scenario 'other' (it has small): --update adds it");
  scenario("s3.json", "80 parsecs");
  expect_refusal("gate " + folder / "s3.json" + b, "s3.json: network: rtt: '80 parsecs'");
}

TEST_F(GateCommand, leaves_the_baseline_as_it_was_when_interrupted) {
  ASSERT_EQ(gate("--update").code, 0);
  const std::string written = text_of(baseline());
  json seeds = json::array();
  for (int i = 0; i < 4000; ++i) seeds.push_back(i);
  scenario("s.json", "90ms", {{"sweep", {{"seed", seeds}}}});
  const Outcome o = splitwan("gate " + folder / "s.json" + " --baseline " + baseline() +
                             " --update & sleep 0.5; kill -TERM $!; wait $!; echo $?");
  EXPECT_THAT(o.out, HasSubstr("143"));  // a shell has its "&" jobs ignore SIGINT
  EXPECT_EQ(text_of(baseline()), written);
}

}  // namespace
}  // namespace splitwan::tests
