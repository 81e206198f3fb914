// What scenarios/README.md says that --json prints, against what it prints; and the questions to a model.
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using nlohmann::json;

class Fields : public testing::Test {
 protected:
  // Two round-trip times and drafters of two prompts; fitted.
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    std::ofstream(*folder_ / "s.json")
        << json{{"model", demo_model},
                {"network", {{"kind", "ideal"}}},
                {"decode", {"sequential", "ngram"}},
                {"sweep", {{"network.rtt", {"20ms", "40ms", "80ms"}}}},
                {"prompts",
                 {{{"name", "p"}, {"class", "code"}, {"text", "def add(a, b):"}},
                  {{"name", "q"}, {"class", "creative"}, {"text", "once upon a time"}}}},
                {"max_new_tokens", 6}};
    ran_ = splitwan("run " + *folder_ / "s.json" + " --json -o " + *folder_ / "t.jsonl");
    fitted_ = splitwan("fit " + *folder_ / "t.jsonl" + " --json -o " + *folder_ / "m.json");
  }
  static void TearDownTestSuite() { delete folder_; }

  static Outcome checked(const std::string& command, const std::string& arguments) {
    Outcome o = splitwan(command + " " + arguments);
    EXPECT_EQ(o.code, 0) << command << " " << arguments << ": " << o.err;
    if (o.code == 0)
      std::printf("%s: %zu fields compared\n", command.c_str(), expect_said(o.json(), command));
    return o;
  }
  static std::string model() { return *folder_ / "m.json"; }
  static std::string trace() { return *folder_ / "t.jsonl"; }

  static inline TemporaryFolder* folder_ = nullptr;
  static inline Outcome ran_, fitted_;
};

TEST_F(Fields, of_what_runs_a_model_stand_on_the_page) {
  ASSERT_EQ(ran_.code, 0) << ran_.err;
  expect_said(ran_.json(), "run");
  checked("generate", "--model " + demo_model + " --prompt abc --max-new-tokens 2 --top-logits 1 --json");
  checked("export", "--model " + demo_model + " --layers 2:10 --json -o " + *folder_ / "middle");
  checked("bench", "--model " + demo_model + " --rows 1 --prefill 4 --repetitions 1 --context 8 --json");
  checked("verify", "--model " + demo_model + " --random 1 --max-new-tokens 2 --decode ngram --json");
}

TEST_F(Fields, of_what_reads_traces_stand_on_the_page) {
  ASSERT_EQ(fitted_.code, 0) << fitted_.err;
  expect_said(fitted_.json(), "fit");
  expect_refusal("fit " + trace() + " --test /none.jsonl", "/none.jsonl");
  checked("report", trace() + " --json");
  checked("report", trace() + " --beside " + trace() + " --json");
  expect_refusal("report " + trace() + " --beside " + trace() + " --sweep t.csv", "--beside");
  checked("traffic", trace() + " --json");
}

TEST_F(Fields, of_a_sweeps_table_stand_on_the_page) {
  std::ofstream(*folder_ / "table.csv")
      << "cell,hash,network.rtt,network,rtt_s,drafter,bytes_up,bytes_down,tokens,tokens_per_s,status,reason\n"
         "0,a,20ms,ns3,0.02,ngram,10,10,4,30,ok,\n1,b,80ms,ns3,0.08,ngram,20,10,4,10,ok,\n"
         "2,c,160ms,,,,,,,,failed,lost\n";
  const Outcome o = checked("report", "--sweep " + *folder_ / "table.csv" + " --json");
  ASSERT_EQ(o.code, 0);
  EXPECT_EQ(o.json()["front"]["members"].size(), 1u);
  EXPECT_EQ(o.json()["failed"], 1);
  EXPECT_TRUE(splitwan("report " + trace() + " --sweep " + *folder_ / "table.csv" + " --json")
                  .json()
                  .contains("swept"));
}

TEST_F(Fields, of_projections_stand_on_the_page) {
  checked("project", model() + " --rtt 20ms,80ms --json");
  checked("project", model() + " --rtt 80ms --target 15tok/s --json");
  checked("advise", model() + " --rtt 80ms --top 3 --json");
}

TEST_F(Fields, of_an_account_stand_on_the_page) {
  checked("privacy", "--mu 1 --epsilon 50 --json -o " + *folder_ / "budget.json");
  checked("privacy", "--budget " + *folder_ / "budget.json --json");
}

// The smallest attack: one document's worth of pairs, one attacker, and a price.
TEST_F(Fields, of_attacks_stand_on_the_page) {
  std::ofstream(*folder_ / "a.json") << json{
      {"model", demo_model},
      {"documents", SPLITWAN_SOURCE_DIR "/scenarios/attack-documents.json"},
      {"depths", {1}},
      {"attackers", {"unigram", "nearest_neighbour"}},
      {"defence_attackers", {"nearest_neighbour"}},
      {"defences", {"int4"}},
      {"defence_depths", {1}},
      {"seeds", {1}},
      {"document_limit", 2},
      {"prompt_tokens", 8},
      {"new_tokens", 2},
      {"text_tokens", 32},
      {"pairs", 1000},
      {"defence_pairs", 1000},
      {"speed", {{"scenario", "s.json"}, {"rtt", "80ms"}}}};
  const Outcome o = checked("attack", *folder_ / "a.json" + " --json");
  ASSERT_EQ(o.code, 0);
  for (const char* list : {"rows", "spread", "perplexity", "speed"})
    EXPECT_FALSE(o.json()[list].empty()) << list;
}

TEST_F(Fields, of_training_stand_on_the_page) {
  std::ofstream text(*folder_ / "text.txt");
  for (int i = 0; i < 2000; ++i) text << "once upon a time the cat saw dog " << i % 97 << ".\n";
  text.close();
  std::ofstream(*folder_ / "r.json") << json{
      {"init", demo_draft},
      {"data", json::array({{{"name", "source"}, {"path", "text.txt"}}})},
      {"teacher",
       {{"model", demo_model}, {"windows", 8}, {"text_temperatures", {0}}, {"prompt_tokens", {4, 8}}}},
      {"context", 32},
      {"batch", 1},
      {"steps", 2},
      {"learning_rate", 1e-4}};
  const Outcome o = checked("train", *folder_ / "r.json" + " --json -o " + *folder_ / "trained");
  ASSERT_EQ(o.code, 0);
  EXPECT_TRUE(o.json().contains("teacher_agreement"));
  std::ofstream(*folder_ / "d.json") << json{{"kind", "del"}, {"model", demo_model}, {"windows", 8},
                                             {"held_out", 2}, {"context", 16},       {"steps", 1}};
  checked("train", *folder_ / "d.json" + " --json -o " + *folder_ / "maps");
  std::ofstream(*folder_ / "p.json") << json{
      {"kind", "soft-prompt"}, {"model", demo_model}, {"weights", "maps"}, {"windows", 8}, {"chosen_on", 1},
      {"held_out", 2},         {"context", 16},       {"steps", 1},        {"tokens", 2}};
  checked("train", *folder_ / "p.json" + " --json -o " + *folder_ / "maps");
}

double rate(const std::string& model, const std::string& options) {
  const Outcome o = splitwan("project " + model + " --rtt 80ms --drafter ngram --json " + options);
  EXPECT_EQ(o.code, 0) << options << ": " << o.err;
  return o.code ? 0 : o.json()["points"][0]["tokens_per_s"].get<double>();
}

TEST_F(Fields, every_knob_of_a_projection_turns_the_right_way) {
  const double plain = rate(model(), "");
  EXPECT_LT(rate(model(), "--up 100kbit --down 100kbit"), plain);
  EXPECT_LT(rate(model(), "--loss 1%"), plain);
  EXPECT_LT(rate(model(), "--jitter 20ms"), plain);
  EXPECT_LT(rate(model(), "--client-speed 0.01"), plain);
  EXPECT_GT(rate(model(), "--acceptance 4"), plain);
  EXPECT_GE(rate(model(), "--server-speed 100"), plain);
  EXPECT_LE(rate(model(), "--width 1"), plain);
  EXPECT_GT(rate(model(), "--prompt-class code"), 0);
  const Outcome o = splitwan("advise " + model() +
                             " --rtt 80ms --up 10Mbit --down 20Mbit --loss 0.1% --jitter 1ms --width 4 "
                             "--acceptance 2 --client-speed 2 --server-speed 2 --top 2 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["choices"].size(), 2u);
}

TEST(Link, refuses_in_one_line_that_names_the_option) {
  expect_refusal("link --engine warp", "warp");
  expect_refusal("link --loss lots", "lots");
  expect_refusal("link --link rtt=fast --emit-tc eth0", "fast");
}

TEST(Link, prints_tc_commands_for_both_ends_without_root) {
  const Outcome o = splitwan("link --link rtt=80ms,rate=10Mbit --emit-tc eth7");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("eth7"), std::string::npos);
  EXPECT_NE(o.out.find("# at the server"), std::string::npos);
}

}  // namespace
}  // namespace splitwan::tests
