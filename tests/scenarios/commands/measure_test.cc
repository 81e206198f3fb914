// `splitwan verify`, `bench` and `export` from outside.
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

}  // namespace
}  // namespace splitwan::tests
