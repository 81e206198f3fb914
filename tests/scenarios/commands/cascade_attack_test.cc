// `splitwan attack --cascade` from outside.
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

const std::string cascade = "attack --cascade ";
const std::string texts = "--model " + demo_model +
                          " --documents " SPLITWAN_SOURCE_DIR
                          "/scenarios/attack-documents.json --texts 2 --text-tokens 8 ";

TEST(CascadeAttack, lists_every_nodes_view_without_a_model) {
  const Outcome o = splitwan(cascade + "--alpha 8 --cluster 3 --tokens 72 --collude 2 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto j = o.json();
  EXPECT_EQ(j["cascade"]["nodes"], 72);
  EXPECT_EQ(j["views"].size(), 72u);
  EXPECT_EQ(j["hole_gap"], 4);  // of the worst two nodes
  EXPECT_EQ(j["inside_gap"], 1);
  EXPECT_EQ(j["partials_gap"], 3);
  EXPECT_EQ(j["worst_pair"]["node"], "attn:0,4");
  EXPECT_EQ(j["coalitions"].size(), 4u);
  EXPECT_FALSE(j.contains("holes"));
  std::printf("%zu fields compared\n", expect_said(j, "attack"));
}

TEST(CascadeAttack, an_aggregator_is_a_party_in_the_table_and_in_coalitions) {
  const Outcome o = splitwan(cascade + "--alpha 4 --aggregator --public-prefix 2 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto j = o.json();
  EXPECT_EQ(j["views"].size(), 21u);
  EXPECT_EQ(j["views"].back()["node"], "merge");
  EXPECT_EQ(j["views"].back()["partials_gap"], 1);
  EXPECT_EQ(j["coalitions"].back()["of"], "merge, attn");
  EXPECT_EQ(j["few_keys"]["to"], "merge");
  EXPECT_EQ(j["few_keys"]["one_key"]["secret"], 0);
  EXPECT_GT(j["few_keys"]["one_key"]["count"], 0);
  EXPECT_NE(splitwan(cascade + "--alpha 4 --aggregator").out.find("merge"), std::string::npos);
}

TEST(CascadeAttack, refuses_a_hole_gap_under_the_least) {
  const Outcome o = splitwan(cascade + "--alpha 4 --min-hole-gap 3 --json");
  EXPECT_EQ(o.code, 1);
  EXPECT_EQ(o.out, "");
  EXPECT_EQ(std::count(o.err.begin(), o.err.end(), '\n'), 1) << o.err;
  EXPECT_NE(o.err.find("hole gap 2 under --min-hole-gap 3"), std::string::npos) << o.err;
  EXPECT_EQ(splitwan(cascade + "--alpha 4 --min-hole-gap 2").code, 0);
}

TEST(CascadeAttack, measures_what_holes_cost_and_what_leaks) {
  const TemporaryFolder folder;
  const std::string asked = cascade + texts +
                            "--alpha 3 --cluster 2 --head-layers 2 --tail-layers 1 --gaps 1,2 "
                            "--search-budget 64 --seed 3 ";
  const Outcome o = splitwan(asked + "--threads 1 --json -o " + folder / "out.json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto j = o.json();
  std::printf("%zu fields compared\n", expect_said(j, "attack"));
  // Kinds of rows x what is known of own tokens, by gap; of the wider one also one token at a time.
  EXPECT_EQ(j["holes"].size(), 3u * (2 + 3 + 2));
  EXPECT_GT(j["leaks"].size(), 12u);
  for (const auto& hole : j["holes"]) {
    EXPECT_EQ(hole["layer"], 2);
    if (hole["search"] == "model order") {
      EXPECT_LE(hole["passes_per_hole"], 64);
    }
  }
  EXPECT_EQ(nlohmann::json::parse(text_of(folder / "out.json")), j);
  // The same digits on any number of threads, and as a table.
  const Outcome table = splitwan(asked + "--threads 2 -o " + folder / "again.json");
  EXPECT_EQ(text_of(folder / "again.json"), text_of(folder / "out.json"));
  for (const char* words : {"partials in order", "Holes bridged", "two-key partials"})
    EXPECT_NE(table.out.find(words), std::string::npos) << words;
}

TEST(CascadeAttack, refuses_in_one_line_that_names_the_option) {
  expect_refusal("attack", "--cascade");
  expect_refusal("attack /none.json --cascade", "/none.json");
  expect_refusal("attack --alpha 4", "--cascade");
  expect_refusal(cascade + "--alpha 1", "--alpha");
  expect_refusal(cascade + "--cluster 0", "--cluster");
  expect_refusal(cascade + "--tokens 1", "--tokens");
  expect_refusal(cascade + "--alpha 4 --collude 17", "collude");
  expect_refusal(cascade + "--alpha 4 --tokens 8 --public-prefix 2", "--public-prefix");
  expect_refusal(cascade + "--model " + demo_model, "--documents");
  expect_refusal(cascade + texts + "--head-layers 12", "--head-layers");
  expect_refusal(cascade + texts + "--gaps 0", "--gaps");
}

}  // namespace
}  // namespace splitwan::tests
