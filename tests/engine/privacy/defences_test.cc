// What a person can ask for to keep others from learning, by every name it has.
#include "engine/privacy/defences.hh"

#include <gmock/gmock.h>

#include <set>

#include "engine/base/json_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;

Defences read(const Json& object) { return read_defences(object, "s.json"); }

TEST(Defences, read_from_a_scenario_and_from_attack_words_are_the_same) {
  const Json noise = {{"noise", 0.25}};
  EXPECT_EQ(read(noise).to_json(), noise);
  EXPECT_EQ(defences_named("noise 0.25")->to_json(), noise);
  const Json both = {{"noise", 0.5}, {"pad_rows", {4, 8}}};
  EXPECT_EQ(read({{"pad_rows", {4, 8}}, {"noise", 0.5}}).to_json().dump(), both.dump());
}

TEST(Defences, of_nothing_are_none) {
  EXPECT_TRUE(read(Json::object()).empty());
  EXPECT_TRUE(read({{"noise", 0}, {"pad_rows", Json::array()}}).empty());
  EXPECT_EQ(Defences().to_json(), Json::object());
  EXPECT_EQ(Defences().padded(5), 5);
}

TEST(Defences, that_make_no_sense_are_refused_by_name) {
  EXPECT_EQ(error_of([] {
              read({{"noise", -1}});
            }),
            "s.json: noise: expected a share of each row's root mean square, 0 to 100, found -1");
  EXPECT_THAT(error_of([] { read({{"noise", "much"}}); }), HasSubstr("'noise': expected a number"));
  EXPECT_THAT(error_of([] {
                read({{"pad_rows", {8, 4}}});
              }),
              HasSubstr("s.json: pad_rows: 8,4: expected ascending"));
  for (const char* share : {"-1", "101", "nan", "0.1x", "x"})
    EXPECT_THAT(error_of([&] { defences_named(std::string("noise ") + share); }),
                HasSubstr(fmt::format("0 to 100, found '{}'", share)));
  EXPECT_FALSE(defences_named("int9"));
  EXPECT_FALSE(defences_named("noise"));
  EXPECT_THAT(error_of([] { defences_named("noise a"); }), HasSubstr("defence 'noise a': noise: expected"));
}

TEST(Defences, say_what_they_do) {
  EXPECT_TRUE(read({{"noise", 1}}).change_rows());
  EXPECT_FALSE(read({{"noise", 1}}).pad());
  EXPECT_TRUE(read({{"pad_rows", {8}}}).pad());
  EXPECT_FALSE(read({{"pad_rows", {8}}}).change_rows());
  EXPECT_EQ(read({{"pad_rows", {8}}}).padded(9), 16);
  EXPECT_TRUE(defences_named("random depth")->draw_depth());
  EXPECT_TRUE(defences_named("lora outer layers")->change_weights());
}

TEST(Defences, have_names_of_their_own) {
  std::set<std::string> names;
  for (const DefenceKind& kind : defence_kinds()) {
    if (kind.runs()) {
      EXPECT_TRUE(names.insert(kind.key).second) << kind.key;
    }
    if (*kind.words) {
      EXPECT_TRUE(names.insert(fmt::format("'{}'", kind.words)).second) << kind.words;
    }
    EXPECT_EQ(kind.runs(), kind.read != nullptr);
    EXPECT_EQ(*kind.words != 0, kind.parse != nullptr);
    EXPECT_TRUE(*kind.key || *kind.words) << "nobody can ask for it";
  }
}

}  // namespace
}  // namespace splitwan::engine
