// The whole suite on a small random model with a small tokenizer.
#include <gmock/gmock.h>

#include "analysis/attacks/attackers/attacker.hh"
#include "analysis/attacks/suite/suite.hh"
#include "engine/base/output_file.hh"
#include "tests/fixtures/attacks/attacked_model.hh"

namespace splitwan::attacks {
namespace {

using testing::HasSubstr, testing::ElementsAre;

const Stop never_ends = [] { return false; };
const Watch quiet = [](double, double, const std::string&) {};

class Suite : public testing::Test {
 protected:
  Suite() {
    tests::write_random_model(folder_ / "model", {{"vocab_size", 2048}, {"bos_token_id", 1}});
    std::filesystem::copy_file(SPLITWAN_SOURCE_DIR "/scenarios/demo-model/tokenizer.model",
                               folder_ / "model/tokenizer.model");
    engine::write_file(
        folder_ / "texts.json",
        Json{{"documents",
              {{{"text", "once upon a time there was a king with 14 horses"}, {"names", {"king"}}},
               {{"text", "def add(a, b):\n    return a + b # 3"}, {"names", Json::array()}},
               {{"text", "the little girl lives at number 7 of the long road"}, {"names", {"girl"}}}}}}
            .dump());
    scenario_ = {{"model", "model"},
                 {"documents", "texts.json"},
                 {"depths", {0, 1}},
                 {"seeds", {1}},
                 {"new_tokens", 6},
                 {"prompt_tokens", 16},
                 {"search_documents", 2},
                 {"search_tokens", 8},
                 {"pairs", 3200},
                 {"text_tokens", 32},
                 {"published_pairs", 320},
                 {"shuffled_pairs", 1600},
                 {"defence_pairs", 1600},
                 {"lora_steps", 2},
                 {"defence_attackers", attacker_names().all},
                 {"defence_depths", {1}},
                 {"defences", {"f16", "noise 0.5", "random depth", "lora outer layers"}}};
  }
  Json run(const Stop& stop = never_ends) const {
    return run_suite(read_options(scenario_, file_), file_, stop, quiet);
  }
  std::string refusal(const char* key, Json value) {
    Json scenario = scenario_;
    scenario[key] = std::move(value);
    return tests::error_of([&] { run_suite(read_options(scenario, file_), file_, never_ends, quiet); });
  }
  static Json without_seconds(Json result) {
    for (Json& row : result["rows"]) row.erase("seconds");
    result.erase("scenario");
    return result;
  }
  tests::TemporaryFolder folder_;
  std::string file_ = folder_ / "attack.json";
  Json scenario_;
};

std::vector<Json> rows_of(const Json& result, const std::string& attacker,
                          const std::string& defence = "none") {
  std::vector<Json> rows;
  for (const Json& row : result["rows"])
    if (row["attacker"] == attacker && row["defence"] == defence) rows.push_back(row);
  return rows;
}

TEST_F(Suite, is_repeatable_to_the_digit_on_any_number_of_threads) {
  scenario_.erase("defence_attackers");  // the usual ones
  const Json first = without_seconds(run());
  EXPECT_EQ(first, without_seconds(run()));
  scenario_["threads"] = 1;
  EXPECT_EQ(first, without_seconds(run()));
  scenario_["seeds"] = {2};
  EXPECT_NE(first["rows"], without_seconds(run())["rows"]);
}

TEST_F(Suite, has_a_row_for_every_attacker_where_it_applies) {
  const Json result = run();
  for (const std::string& attacker : attacker_names().all)
    EXPECT_FALSE(rows_of(result, attacker).empty()) << attacker;
  EXPECT_EQ(rows_of(result, "mlp").size(), 2u * 3);  // depths x (input current, output current, output next)
  EXPECT_EQ(rows_of(result, "vocabulary_matching", "lora outer layers").size(),
            2u * 2);  // cuts x weights known or not
  EXPECT_EQ(rows_of(result, "mlp", "random depth").size(), 3u);
  for (const Json& row : rows_of(result, "nearest_neighbour"))
    if (row["depth"] == 0 && row["cut"] == "input") {
      EXPECT_EQ(row["top1"], 1.0);
    }
  for (const char* exact : {"vocabulary_matching", "vocabulary_matching_s", "vocabulary_matching_d",
                            "vocabulary_matching_sd", "sipit"}) {
    for (const Json& row : rows_of(result, exact)) {
      const bool unordered =
          row["depth"] == 0 && row["cut"] == "input" &&
          (row["attacker"] == "vocabulary_matching_s" || row["attacker"] == "vocabulary_matching_sd");
      EXPECT_EQ(row["exact"], unordered ? 0.0 : 1.0) << row.dump();  // embeddings do not say their place
      EXPECT_GT(row["forward_passes"], 0);
    }
  }
  for (const Json& row : rows_of(result, "finish_the_model")) EXPECT_EQ(row["top1"], 1.0) << row.dump();
  EXPECT_EQ(result["perplexity"].size(), 4u);
  EXPECT_FALSE(result.contains("partial"));
  EXPECT_THAT(tables(result), HasSubstr("not a guarantee"));
}

TEST(Attackers, every_row_says_where_it_applies_and_what_it_costs) {
  const Options options;
  Common common{options, 1, {}, {}, {}};
  tests::AttackedModel model;
  View plain;
  plain.victim = plain.attacker = &*model.pieces;
  View defended = plain;
  defended.defence.name = "f16";
  for (const Attacker& a : attackers()) {
    EXPECT_EQ(&attacker_named(a.name), &a) << "two rows of one name";
    EXPECT_FALSE(a.where.holds(plain, Cut::input, Target::next)) << a.name;
    EXPECT_TRUE(a.where.holds(plain, Cut::output, Target::current) ||
                a.where.holds(plain, Cut::output, Target::next))
        << a.name;
    EXPECT_GT(a.cost({&plain, Cut::output, Target::current, std::string(a.name)}, common), 0) << a.name;
    if (a.control) {
      EXPECT_FALSE(a.where.holds(defended, Cut::output, Target::current)) << a.name;
    }
    if (a.against_defences) {
      EXPECT_TRUE(a.where.defended) << a.name;
    }
  }
  EXPECT_EQ(attacker_named("shuffled_labels").kind(), "control");
  EXPECT_EQ(attacker_named("sequence").kind(), "learned");
  EXPECT_EQ(attacker_named("sipit").kind(), "search");
  EXPECT_EQ(attacker_named("finish_the_model").kind(), "direct");
  EXPECT_THAT(attacker_names().against_defences,
              ElementsAre("nearest_neighbour", "mlp", "vocabulary_matching", "finish_the_model"));
}

TEST_F(Suite, spread_is_over_seeds) {
  scenario_["seeds"] = {1, 2};
  scenario_["attackers"] = {"uniform", "unigram"};
  scenario_["defences"] = Json::array();
  const Json result = run();
  EXPECT_EQ(result["spread"].size(), result["rows"].size() / 2);
  const Json& s = result["spread"][0];
  EXPECT_EQ(s["seeds"], 2);
  EXPECT_LE(s["top1_min"], s["top1_mean"]);
  EXPECT_LE(s["top1_mean"], s["top1_max"]);
}

TEST_F(Suite, long_training_comes_in_chunks) {
  scenario_["attackers"] = {"mlp"};
  scenario_["defences"] = Json::array();
  scenario_["pairs"] = 4800, scenario_["chunk"] = 1600;
  const Json result = run();
  EXPECT_EQ(rows_of(result, "mlp").size(), 6u);
  for (const Json& row : rows_of(result, "mlp")) EXPECT_EQ(row["pairs"], 4800);
}

TEST_F(Suite, an_interruption_keeps_what_is_finished) {
  scenario_["attackers"] = {"uniform", "unigram"};
  std::atomic<int> asked = 0;
  const Json whole = run();
  const Json part = run([&] { return ++asked > 24; });
  EXPECT_EQ(part["partial"], true);
  EXPECT_LT(part["rows"].size(), whole["rows"].size());
}

TEST_F(Suite, bad_input_is_named_in_one_line) {
  EXPECT_THAT(refusal("attackers", {"mpl"}),
              HasSubstr("unknown attacker 'mpl': expected one of uniform, unigram"));
  EXPECT_THAT(refusal("defences", {"noise -1"}), HasSubstr("defence 'noise -1': noise: expected a share"));
  EXPECT_THAT(refusal("defences", {"noise 0"}), HasSubstr("defence 'noise 0': that changes nothing"));
  EXPECT_THAT(refusal("defences", {"int9"}),
              HasSubstr("defence 'int9': expected none, noise 0.1, random depth, "));
  EXPECT_THAT(refusal("cuts", {"middle"}), HasSubstr("cuts: expected input or output, found 'middle'"));
  EXPECT_THAT(refusal("depths", {7}),
              HasSubstr("depths: expected 0 to 1 (the model has 4 layers, the server needs one), found 7"));
  EXPECT_THAT(refusal("sedes", {7}), HasSubstr("did you mean 'seeds'"));
  engine::write_file(folder_ / "one.json", R"({"documents": [{"text": "only one text here"}]})");
  EXPECT_THAT(refusal("documents", "one.json"), HasSubstr("one.json: documents: expected at least 2"));
  std::filesystem::remove(folder_ / "model/tokenizer.model");
  EXPECT_THAT(refusal("seeds", {1}), HasSubstr("tokenizer"));
}

}  // namespace
}  // namespace splitwan::attacks
