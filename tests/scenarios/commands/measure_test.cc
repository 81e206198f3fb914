// `splitwan verify`, `bench`, `export` and `privacy` from outside.
#include "tests/fixtures/command.hh"

namespace splitwan::tests {
namespace {

const std::string verify = "verify --model " + demo_model + " ";
const std::string bench = "bench --model " + demo_model + " --repetitions 1 --context 8 --threads 1 ";

TEST(Verify, holds_for_an_exact_drafter) {
  const Outcome o =
      splitwan(verify + "--draft-model " + demo_draft +
               " --decode ngram,draft-chain-2 --random 1 --prompts 'once upon a time' --seed 2 "
               "--max-new-tokens 4 --split 2,2 --wire f16 --storage auto --temperature 0.5 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["holds"], true);
  EXPECT_EQ(o.json()["prompts"], 2);
  ASSERT_EQ(o.json()["drafters"].size(), 3u);
  for (const auto& drafter : o.json()["drafters"]) EXPECT_EQ(drafter["max_logit_diff"], 0.0);
}

TEST(Verify, runs_over_a_simulated_link) {
  const Outcome o =
      splitwan(verify + "--decode ngram --random 1 --max-new-tokens 3 --link lan --threads 1 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["network"], "ns3");
}

TEST(Verify, refuses_in_one_line_that_names_the_option) {
  expect_refusal("verify", "--model");
  expect_refusal(verify + "--decode nonsense", "nonsense");
  expect_refusal(verify + "--decode draft", "draft");
  expect_refusal(verify + "--random -1", "--random");
  expect_refusal(verify + "--prompts /none.json", "/none.json");
  expect_refusal(verify + "--link rtt=fast", "fast");
}

TEST(Bench, measures_what_it_was_asked_to) {
  const TemporaryFolder folder;
  const Outcome o =
      splitwan(bench + "--rows 1,2 --prefill 8 --storage auto,int8 --last-logits --json --profile-out " +
               folder / "profile.json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["decode"].size(), 4u);
  EXPECT_EQ(o.json()["prefill"].size(), 2u);
  EXPECT_EQ(o.json()["logits"], "last row");
  EXPECT_FALSE(nlohmann::json::parse(text_of(folder / "profile.json")).empty());
}

TEST(Bench, refuses_in_one_line_that_names_the_option) {
  expect_refusal("bench --rows 1", "--geometry");
  expect_refusal("bench --geometry nano-1b", "nano-1b");
  expect_refusal(bench + "--rows zero", "zero");
  expect_refusal(bench + "--repetitions 0", "--repetitions");
  expect_refusal(bench + "--storage int3", "int3");
}

TEST(Export, writes_the_middle_layers_only) {
  const TemporaryFolder folder;
  const std::string out = folder / "middle";
  const Outcome o = splitwan("export --model " + demo_model + " --layers 2:10 --json -o " + out);
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.json()["layers"], nlohmann::json({2, 10}));
  for (const std::string name : o.json()["tensors"]) EXPECT_EQ(name.find("embed"), std::string::npos) << name;
  EXPECT_TRUE(std::filesystem::exists(out + "/config.json"));
  expect_refusal("export --model " + demo_model + " --layers 2:10 -o " + out, out);  // it is there already
}

TEST(Export, refuses_in_one_line_that_names_the_option) {
  expect_refusal("export --model " + demo_model + " -o /tmp/x", "--layers");
  expect_refusal("export --model " + demo_model + " --layers 2:10", "--output");
  expect_refusal("export --model " + demo_model + " --layers 2:99 -o /tmp/splitwan-none", "2:99");
}

TEST(Privacy, prints_the_paper_s_mu_and_the_exact_figure_and_what_they_mean) {
  const Outcome o = splitwan("privacy --mu 20 --bits 4 --width 128 --tokens 50 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto j = o.json();
  EXPECT_NEAR(j["epsilon"].get<double>(), 10248, 0.5);
  EXPECT_NEAR(j["token"]["epsilon"].get<double>(), 274.201, 5e-4);
  EXPECT_NEAR(j["epsilon_pure"].get<double>(), 50 * 868.922, 0.05);
  EXPECT_TRUE(j["published"]["epsilon"].is_null());
  EXPECT_NE(j["meaning"].get<std::string>().find("no meaningful formal guarantee"), std::string::npos);
  const Outcome words = splitwan("privacy --mu 20 --bits 4 --width 128 --tokens 50");
  EXPECT_NE(words.out.find("no meaningful formal guarantee"), std::string::npos);
  EXPECT_EQ(words.out.find("private"), std::string::npos);
}

TEST(Privacy, charges_a_token_for_every_later_row_above_layers) {
  const auto epsilon = [](const std::string& more) {
    return splitwan("privacy --mu 1 --json " + more).json()["token"]["epsilon"].get<double>();
  };
  EXPECT_EQ(epsilon("--tokens 50"), epsilon("--tokens 1"));
  EXPECT_GT(epsilon("--tokens 50 --depth 1"), 10 * epsilon("--tokens 1"));
  EXPECT_EQ(epsilon("--tokens 50 --depth 1"), epsilon("--repeats 50"));
  EXPECT_GT(epsilon("--delta 1e-9"), epsilon("--delta 1e-5"));
  EXPECT_EQ(epsilon("--clip 1"), epsilon("--clip 0.05"));  // the scale follows it
}

TEST(Privacy, begins_a_budget_and_says_what_is_left) {
  const TemporaryFolder folder;
  const std::string path = folder / "budget.json";
  ASSERT_EQ(splitwan("privacy --mu 1 --epsilon 50 -o " + path).code, 0);
  const auto told = splitwan("privacy --budget " + path + " --json").json();
  EXPECT_EQ(told["spent_epsilon"], 0.0);
  EXPECT_EQ(told["rows_left"], 44);
  expect_refusal("privacy --mu 1 --epsilon 50 -o " + path, "begun again");
  expect_refusal("privacy --mu 1 --epsilon 1 -o " + (folder / "other.json"), "4.37298");
  expect_refusal("privacy --mu 1 -o " + (folder / "other.json"), "--epsilon");
}

TEST(Privacy, refuses_in_one_line_that_names_the_option) {
  expect_refusal("privacy --mu 0", "mu");
  expect_refusal("privacy --bits 17", "bits");
  expect_refusal("privacy --width 0", "width");
  expect_refusal("privacy --delta 0", "delta");
  expect_refusal("privacy --tokens 0", "tokens");
  expect_refusal("privacy --tokens 1000000000", "tokens");
  expect_refusal("privacy --tokens 2 --bits 16 --width 65536 --repeats 9000000000000000000", "repeats");
  expect_refusal("privacy --depth -1", "--depth");
  expect_refusal("privacy --budget /none.json", "/none.json");
}

}  // namespace
}  // namespace splitwan::tests
