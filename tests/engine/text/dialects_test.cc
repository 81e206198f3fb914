// Stages of a tokenizer.json, and expressions written for Oniguruma.
#include <gmock/gmock.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/text/normalizer.hh"
#include "engine/text/pattern.hh"
#include "engine/text/pattern_syntax.hh"
#include "engine/text/pre_tokenizer.hh"
#include "engine/text/tokenizer.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;

using Words = std::vector<std::string>;

Words matches(const std::string& expression, const std::string& text) {
  const Pattern pattern(expression, "p");
  Words all;
  std::size_t at = 0;
  while (const auto match = pattern.find(text, at)) {
    all.push_back(text.substr(match->begin, match->end - match->begin));
    at = match->end;
  }
  return all;
}

TEST(Pattern, reads_classes_within_classes_and_where_they_meet) {
  EXPECT_THAT(matches("[a-z&&[^aeiou]]+", "bcdeaxyz"), ElementsAre("bcd", "xyz"));
  EXPECT_THAT(matches("[a[0-9]]+", "b1a2c"), ElementsAre("1a2"));
  EXPECT_THAT(matches("[^a-z&&[^aeiou]]+", "bcae1z"), ElementsAre("ae1"));
  EXPECT_THAT(matches(R"([\p{L}&&[^\p{Lu}]]+)", "aB\xC3\xA9x"), ElementsAre("a", "\xC3\xA9x"));
}

TEST(Pattern, has_onigurumas_idea_of_spaces_words_and_digits) {
  EXPECT_THAT(matches(R"(\h+)", "xyFa9 z"), ElementsAre("Fa9")) << "hexadecimal digits";
  EXPECT_THAT(matches(R"(\s+)",
                      "a\xC2\x85"
                      "b"),
              ElementsAre("\xC2\x85"))
      << "U+0085 is a space";
  EXPECT_THAT(matches(R"([^\s\p{L}]+)", "a\xC2\x85-b"), ElementsAre("-"));
  EXPECT_THAT(matches(R"(\w+)", "n\xCC\x83o-o_o"), ElementsAre("n\xCC\x83o", "o_o")) << "marks are of words";
  EXPECT_THAT(matches(R"([\S\n]+)", "a\nb c"), ElementsAre("a\nb", "c"));
}

TEST(Pattern, begins_and_ends_lines_and_reads_its_own_intervals_and_options) {
  EXPECT_THAT(matches("^b", "a\nb"), ElementsAre("b"));
  EXPECT_THAT(matches("a$", "a\nb"), ElementsAre("a"));
  EXPECT_THAT(matches("a{,2}b", "aab"), ElementsAre("aab"));
  EXPECT_THAT(matches("(?m:a.b)", "a\nb"), ElementsAre("a\nb"));
  EXPECT_THAT(matches("(?i:'S)", "it's"), ElementsAre("'s"));
  EXPECT_THAT(error_of([] { Pattern("a{1,2}+", "file: key"); }), HasSubstr("file: key: '{1,2}+' at byte 1"));
  EXPECT_THAT(error_of([] { Pattern(R"(\y)", "file: key"); }),
              HasSubstr(R"('\y' at byte 0 is not implemented)"));
  EXPECT_THAT(error_of([] { Pattern("[a", "file: key"); }), HasSubstr("the class at byte 0 has no end"));
}

Words split(const Json& stage, const std::string& text) {
  return make_pre_tokenizer(stage, "p").split({text}, true);
}

TEST(PreTokenizer, of_every_kind_splits_as_upstream_does) {
  EXPECT_THAT(split({{"type", "Whitespace"}}, "Hey, you!  ok"), ElementsAre("Hey", ",", "you", "!", "ok"));
  EXPECT_THAT(split({{"type", "WhitespaceSplit"}}, "Hey, you!  ok"), ElementsAre("Hey,", "you!", "ok"));
  EXPECT_THAT(split({{"type", "Punctuation"}}, "a+b, c"), ElementsAre("a", "+", "b", ",", " c"));
  EXPECT_THAT(split({{"type", "Punctuation"}, {"behavior", "Removed"}}, "a+b"), ElementsAre("a", "b"));
  EXPECT_THAT(split({{"type", "BertPreTokenizer"}}, "Hey, you"), ElementsAre("Hey", ",", "you"));
  EXPECT_THAT(split({{"type", "UnicodeScripts"}}, "どこで生れ。Yes"), ElementsAre("どこで生れ", "。", "Yes"));
  EXPECT_THAT(split({{"type", "UnicodeScripts"}}, "Apples are りんご 林檎"),
              ElementsAre("Apples are ", "りんご 林檎"));
}

TEST(PreTokenizer, of_bytes_that_is_not_the_last_spells_them_in_the_alphabet) {
  const Json bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  const Json after = {
      {"type", "Split"}, {"pattern", {{"String", "\xC4\xA0"}}}, {"behavior", "Isolated"}};  // U+0120
  const Json both = {{"type", "Sequence"}, {"pretokenizers", {bytes, after}}};
  EXPECT_THAT(split(both, "a b"), ElementsAre("a", "\xC4\xA0", "b"));
  EXPECT_FALSE(make_pre_tokenizer(both, "p").byte_level);
  EXPECT_TRUE(make_pre_tokenizer(bytes, "p").byte_level);
}

TEST(Normalizer, of_every_kind_changes_what_it_says) {
  const auto normal = [](const Json& stage, const std::string& text) {
    return make_normalizer(stage, "n")(text);
  };
  EXPECT_EQ(normal({{"type", "Lowercase"}}, "ÀB\xC4\xB0"), "àbi\xCC\x87");
  EXPECT_EQ(normal({{"type", "StripAccents"}}, "e\xCC\x81"), "e");
  EXPECT_EQ(normal({{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}}, " a "), "a ");
  EXPECT_EQ(normal({{"type", "Strip"}}, "\t a b\n"), "a b");
  EXPECT_EQ(normal({{"type", "Nmt"}},
                   "a\x01\t\xE2\x80\x8B"
                   "b"),
            "a  b");
  EXPECT_EQ(normal({{"type", "ByteLevel"}}, "a \xC3\xA9"), "a\xC4\xA0\xC3\x83\xC2\xA9");
}

std::unique_ptr<Tokenizer> made_from(const Json& file) {
  const tests::TemporaryFolder folder;
  write_file(folder / "tokenizer.json", file.dump());
  return make_json_tokenizer(folder / "tokenizer.json");
}

TEST(Unigram, takes_the_likeliest_pieces_and_one_token_for_what_is_unknown) {
  const Json vocabulary =
      Json::array({Json::array({"<unk>", 0.0}), Json::array({"a", -2.0}), Json::array({"b", -2.0}),
                   Json::array({"ab", -3.0}), Json::array({"abab", -7.5})});
  const Json model = {{"type", "Unigram"}, {"unk_id", 0}, {"vocab", vocabulary}};
  Json file = {{"added_tokens", Json::array()}, {"model", model}, {"decoder", {{"type", "Fuse"}}}};
  const auto tokenizer = made_from(file);
  EXPECT_THAT(tokenizer->encode("abab"), ElementsAre(3, 3));
  EXPECT_THAT(tokenizer->encode("ba"), ElementsAre(2, 1));
  EXPECT_THAT(tokenizer->encode("axyzb"), ElementsAre(1, 0, 2));
  EXPECT_EQ(tokenizer->decode(std::vector<Token>{3, 1}), "aba");
  EXPECT_EQ(tokenizer->vocabulary(), 5);
  file["model"]["vocab"][1] = {"a"};
  EXPECT_THAT(error_of([&] { made_from(file); }), HasSubstr("model.vocab[1]: expected [\"text\", score]"));
}

TEST(TokenizerJson, looks_for_added_tokens_in_normalized_text_as_they_are_normalized) {
  Json vocabulary = Json::object();
  for (const char* text : {"y", "e", "s", "n", "o", " "}) vocabulary[text] = vocabulary.size();
  const Json added = {{"id", 10}, {"content", "YES"}, {"special", false}, {"normalized", true}};
  const auto tokenizer =
      made_from({{"added_tokens", {added}},
                 {"normalizer", {{"type", "Lowercase"}}},
                 {"truncation", {{"max_length", 4}}},
                 {"padding", {{"pad_id", 0}}},
                 {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", Json::array()}}}});
  EXPECT_THAT(tokenizer->encode("No yEs no no"), ElementsAre(3, 4, 5, 10, 5, 3, 4, 5, 3, 4));
}

}  // namespace
}  // namespace splitwan::engine
