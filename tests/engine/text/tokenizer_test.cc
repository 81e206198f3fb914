#include "engine/text/tokenizer.hh"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/text/sentencepiece_model.hh"
#include "engine/text/token_decoder.hh"
#include "tests/fixtures/shared_folder.hh"

namespace splitwan::tests {
namespace {

using engine::Error;
using engine::Json;
using engine::Token;
using engine::Tokenizer;
using Ids = std::vector<Token>;

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  return "(no error)";
}

// A tokenizer.json or any other file, gone with the test.
class Scratch {
 public:
  Scratch(const std::string& name, const std::string& text) : path_(::testing::TempDir() + name) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~Scratch() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Fixture {
  const char *name, *folder, *expected;
  std::unique_ptr<Tokenizer> (*make)(const std::string& folder);
};

const Fixture fixtures[] = {
    {"llama2", "tokenizers/llama2", "tokenizers/llama2_expected.json",
     [](const std::string& f) { return engine::make_sentencepiece_tokenizer(f + "/tokenizer.model"); }},
    {"mistral_v1", "tokenizers/mistral", "tokenizers/mistral_v1_expected.json",
     [](const std::string& f) { return engine::make_sentencepiece_tokenizer(f + "/tokenizer.model.v1"); }},
    {"mistral_v3", "tokenizers/mistral", "tokenizers/mistral_v3_expected.json",
     [](const std::string& f) {
       return engine::make_sentencepiece_tokenizer(f + "/mistral_instruct_tokenizer_240323.model.v3");
     }},
    {"gpt2", "tokenizers/gpt2", "tokenizers/gpt2_expected.json",
     [](const std::string& f) { return engine::load_tokenizer(f); }},
};

class KnownTokenizer : public ::testing::TestWithParam<Fixture> {};

TEST_P(KnownTokenizer, gives_the_reference_ids_for_every_string) {
  SKIP_WITHOUT(shared_file(GetParam().expected));
  const auto tokenizer = GetParam().make(shared_file(GetParam().folder));
  const Json expected = engine::read_json_file(shared_file(GetParam().expected));
  EXPECT_EQ(tokenizer->vocabulary(), expected.at("vocab_size").get<int>());
  ASSERT_EQ(expected.at("cases").size(), 47u);
  for (const Json& c : expected.at("cases")) {
    EXPECT_EQ(tokenizer->encode(c.at("text").get<std::string>()), c.at("ids").get<Ids>()) << c.at("text");
  }
}

TEST_P(KnownTokenizer, decodes_what_it_encoded) {
  SKIP_WITHOUT(shared_file(GetParam().expected));
  const auto tokenizer = GetParam().make(shared_file(GetParam().folder));
  const Json expected = engine::read_json_file(shared_file(GetParam().expected));
  for (const Json& c : expected.at("cases")) {
    const auto text = c.at("text").get<std::string>();
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
  EXPECT_EQ(expected.at("cases").size(), 47u);
}

TEST_P(KnownTokenizer, takes_one_long_word_in_seconds) {
  SKIP_WITHOUT(shared_file(GetParam().expected));
  const auto tokenizer = GetParam().make(shared_file(GetParam().folder));
  const std::string text(1 << 18, 'a');  // quadratic merging would take minutes
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST_P(KnownTokenizer, makes_nothing_of_an_id_outside_the_vocabulary) {
  SKIP_WITHOUT(shared_file(GetParam().expected));
  const auto tokenizer = GetParam().make(shared_file(GetParam().folder));
  Ids ids = tokenizer->encode("once");
  const std::string text = tokenizer->decode(ids);
  for (const Token id : {-1, tokenizer->vocabulary(), tokenizer->vocabulary() + 7}) ids.push_back(id);
  EXPECT_EQ(tokenizer->decode(ids), text);
}

INSTANTIATE_TEST_SUITE_P(Shared, KnownTokenizer, ::testing::ValuesIn(fixtures),
                         [](const auto& info) { return std::string(info.param.name); });

// stories260K's tokenizer.model trims and joins spaces; the tokenizer.json made from it has no such
// normalizer.
bool has_extra_spaces(const std::string& text) {
  return text.starts_with(' ') || text.ends_with(' ') || text.find("  ") != std::string::npos;
}

void expect_stories_ids(const Tokenizer& tokenizer, bool trims) {
  int compared = 0;
  for (const Json& c : engine::read_json_file(shared_file("models/stories260K/tokenizer_expected.json"))) {
    const auto text = c.at("text").get<std::string>();
    if (!trims && has_extra_spaces(text)) continue;
    Ids ids{1};  // expected with the begin token, which callers put
    const Ids rest = tokenizer.encode(text);
    ids.insert(ids.end(), rest.begin(), rest.end());
    EXPECT_EQ(ids, c.at("ids").get<Ids>()) << text;
    if (!has_extra_spaces(text)) {
      EXPECT_EQ(tokenizer.decode(ids), text) << "control tokens give nothing";
    }
    ++compared;
  }
  EXPECT_GT(compared, 10);
}

TEST(TokenizerJson, of_stories260_k_gives_the_reference_ids) {
  SKIP_WITHOUT(shared_file("models/stories260K/tokenizer.json"));
  const auto tokenizer = engine::make_json_tokenizer(shared_file("models/stories260K/tokenizer.json"));
  EXPECT_EQ(tokenizer->vocabulary(), 512);
  expect_stories_ids(*tokenizer, false);
}

TEST(SentencePiece, of_stories260_k_gives_the_reference_ids) {
  SKIP_WITHOUT(shared_file("models/stories260K/tokenizer.model"));
  expect_stories_ids(*engine::make_sentencepiece_tokenizer(shared_file("models/stories260K/tokenizer.model")),
                     true);
}

TEST(TokenizerJson, agrees_with_the_sentence_piece_model_it_was_made_from) {
  SKIP_WITHOUT(shared_file("models/stories260K/tokenizer.model"));
  const auto json = engine::make_json_tokenizer(shared_file("models/stories260K/tokenizer.json"));
  const auto model = engine::make_sentencepiece_tokenizer(shared_file("models/stories260K/tokenizer.model"));
  for (const std::string text : {"Once upon a time", "caf\xC3\xA9 \xF0\x9F\xA6\x99\n\ttab", "<0x41>"}) {
    EXPECT_EQ(json->encode(text), model->encode(text)) << text;
    EXPECT_EQ(json->decode(json->encode(text)), text);
  }
}

// A byte-level vocabulary of the 256 bytes in GPT-2's alphabet, then `more`.
Json byte_level_file(const std::vector<std::string>& more, const Json& merges) {
  Json vocab = Json::object();
  const auto put = [&](int code) {
    std::string text;
    if (code < 0x80)
      text += static_cast<char>(code);
    else
      (text += static_cast<char>(0xC0 | code >> 6)) += static_cast<char>(0x80 | (code & 0x3F));
    vocab[text] = vocab.size();
  };
  for (int c = '!'; c <= '~'; ++c) put(c);
  for (int c = 0xA1; c <= 0xFF; ++c) {
    if (c != 0xAD) put(c);
  }
  for (int c = 0x100; c < 0x144; ++c) put(c);
  for (const auto& text : more) vocab[text] = vocab.size();
  return {{"added_tokens", Json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}}}};
}

std::unique_ptr<Tokenizer> made_from(const Json& file) {
  return engine::make_json_tokenizer(Scratch("tokenizer.json", file.dump()).path());
}

std::vector<std::string> pieces(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> result;
  for (const Token id : tokenizer.encode(text)) result.push_back(tokenizer.decode(std::vector{id}));
  return result;
}

using Strings = std::vector<std::string>;

TEST(TokenizerJson, reads_merges_as_strings_and_as_pairs) {
  const auto strings = made_from(byte_level_file({"ab", "abc"}, {"a b", "ab c"}));
  const auto pairs = made_from(byte_level_file({"ab", "abc"}, Json::array({{"a", "b"}, {"ab", "c"}})));
  EXPECT_EQ(pieces(*strings, "abcab"), (Strings{"abc", "ab"}));
  EXPECT_EQ(strings->encode("abcab"), pairs->encode("abcab"));
}

TEST(TokenizerJson, merges_the_earliest_rank_first_and_the_leftmost_among_equals) {
  const auto tokenizer = made_from(byte_level_file({"bc", "ab", "aa"}, {"b c", "a b", "a a"}));
  EXPECT_EQ(pieces(*tokenizer, "abc"), (Strings{"a", "bc"}));
  EXPECT_EQ(pieces(*tokenizer, "aaa"), (Strings{"aa", "a"}));
}

TEST(TokenizerJson, takes_the_longest_added_token_and_decodes_only_the_ordinary_ones) {
  Json file = byte_level_file({}, Json::array());
  file["added_tokens"] = {{{"id", 300}, {"content", "<a>"}, {"special", true}, {"normalized", false}},
                          {{"id", 301}, {"content", "<a><b>"}, {"special", true}, {"normalized", false}},
                          {{"id", 302}, {"content", "<t>"}, {"special", false}, {"lstrip", true}}};
  const auto tokenizer = made_from(file);
  EXPECT_EQ(tokenizer->vocabulary(), 303);
  const Ids ids = tokenizer->encode("x<a><b>y  <t><a>");
  ASSERT_EQ(ids.size(), 5u);
  EXPECT_EQ(ids[1], 301);
  EXPECT_EQ(ids[3], 302) << "takes the spaces on its left";
  EXPECT_EQ(ids[4], 300);
  EXPECT_EQ(tokenizer->decode(ids), "xy<t>");
}

TEST(TokenizerJson, a_whole_word_in_the_vocabulary_needs_no_merges_when_the_file_says_so) {
  Json file = byte_level_file({"word"}, Json::array());
  EXPECT_EQ(made_from(file)->encode("word").size(), 4u);
  file["model"]["ignore_merges"] = true;
  EXPECT_EQ(made_from(file)->encode("word").size(), 1u);
}

TEST(TokenizerJson, splits_by_its_own_pattern) {
  Json file = byte_level_file({"12", "23", "ab"}, {"2 3", "1 2", "a b"});
  file["pre_tokenizer"] = {{"type", "Sequence"},
                           {"pretokenizers",
                            {{{"type", "Split"},
                              {"pattern", {{"Regex", "\\p{N}{1,2}"}}},
                              {"behavior", "Isolated"},
                              {"invert", false}},
                             {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
  EXPECT_EQ(pieces(*made_from(file), "ab123"), (Strings{"ab", "12", "3"}));
  file["pre_tokenizer"]["pretokenizers"][0] = {{"type", "Digits"}, {"individual_digits", true}};
  EXPECT_EQ(pieces(*made_from(file), "ab12"), (Strings{"ab", "1", "2"}));
}

TEST(TokenizerJson, keeps_what_each_split_behavior_says) {
  Json file = byte_level_file({"a-", "-b"}, {"a -", "- b"});
  const auto with = [&](const char* behavior) {
    file["pre_tokenizer"] = {{"type", "Sequence"},
                             {"pretokenizers",
                              {{{"type", "Split"}, {"pattern", {{"String", "-"}}}, {"behavior", behavior}},
                               {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
    return pieces(*made_from(file), "a-b");
  };
  EXPECT_EQ(with("Removed"), (Strings{"a", "b"}));
  EXPECT_EQ(with("Isolated"), (Strings{"a", "-", "b"}));
  EXPECT_EQ(with("MergedWithPrevious"), (Strings{"a-", "b"}));
  EXPECT_EQ(with("MergedWithNext"), (Strings{"a", "-b"}));
}

TEST(TokenizerJson, normalizes_before_it_splits) {
  Json file = byte_level_file({}, Json::array());
  file["normalizer"] = {{"type", "NFC"}};
  const auto tokenizer = made_from(file);
  EXPECT_EQ(tokenizer->encode("e\xCC\x81"), tokenizer->encode("\xC3\xA9"));
  file["normalizer"] = {{"type", "NFKC"}};
  EXPECT_EQ(pieces(*made_from(file), "\xEF\xBC\xA1"), (Strings{"A"})) << "full-width A";
}

TEST(TokenizerJson, names_what_it_does_not_implement) {
  const auto error = [](const char* pointer, const Json& value) {
    Json file = byte_level_file({}, Json::array());
    file[Json::json_pointer(pointer)] = value;
    return message_of([&] { made_from(file); });
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_PRED2(has, error("/normalizer", {{"type", "BertNormalizer"}}),
               "tokenizer.json: normalizer: type 'BertNormalizer'");
  EXPECT_PRED2(has, error("/pre_tokenizer", {{"type", "Bert"}}), "pre_tokenizer: type 'Bert'");
  EXPECT_PRED2(has, error("/decoder", {{"type", "WordPiece"}}), "decoder: type 'WordPiece'");
  EXPECT_PRED2(has, error("/decoder", 5), "decoder: expected an object, found number");
  EXPECT_PRED2(has, error("/normalizer", {{"type", "Sequence"}, {"normalizers", 5}}),
               "normalizers: expected a list, found number");
  EXPECT_PRED2(has, error("/model/type", "WordPiece"), "'WordPiece'");
  EXPECT_PRED2(has, error("/model/dropout", 0.1), "dropout");
  EXPECT_PRED2(has, error("/model/end_of_word_suffix", "</w>"), "end_of_word_suffix");
  EXPECT_PRED2(has, error("/model/merges", Json::array({"x yz"})), "merge 'x yz'");
  EXPECT_PRED2(has, error("/mood", "good"), "unknown key 'mood'");
}

TEST(Tokenizer, is_not_found_in_a_folder_without_one) {
  EXPECT_NE(message_of([] { engine::load_tokenizer("/nowhere"); }).find("/nowhere: expected tokenizer.json"),
            std::string::npos);
}

TEST(SentencePiece, refuses_a_file_that_is_no_model) {
  const Scratch file("not.model", "once upon a time");
  EXPECT_NE(message_of([&] {
              engine::make_sentencepiece_tokenizer(file.path());
            }).find("not a SentencePiece model"),
            std::string::npos);
  EXPECT_NE(message_of([&] { engine::make_sentencepiece_tokenizer("/nowhere"); }).find("cannot be opened"),
            std::string::npos);
}

TEST(SentencePiece, replaces_bytes_that_are_not_text) {
  SKIP_WITHOUT(shared_file("tokenizers/llama2/tokenizer.model"));
  const auto tokenizer =
      engine::make_sentencepiece_tokenizer(shared_file("tokenizers/llama2/tokenizer.model"));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("a\xFFz")), "a\xEF\xBF\xBDz");
}

engine::SentencePieceModel with_byte_piece(const std::string& text) {
  using Type = engine::SentencePiece::Type;
  engine::SentencePieceModel model;
  model.pieces = {{"<unk>", 0, Type::unknown}, {text, 0, Type::byte}, {"a", 0, Type::normal}};
  return model;
}

TEST(SentencePiece, of_a_byte_is_spelt_with_two_hex_digits_and_nothing_else) {
  const Scratch good("byte.model", serialize(with_byte_piece("<0x0A>")));
  EXPECT_EQ(engine::make_sentencepiece_tokenizer(good.path())->vocabulary(), 3);
  for (const std::string text : {"<0x-5>", "<0x-F>", "<0x+5>", "<0x 5>", "<0x5>", "<0x100>", "<0x0G>",
                                 "<0xx1>", "<0x0A", "<0x0A>>", "0x0A", "<0X0A>", "<0x\n1>"}) {
    const Scratch bad("byte.model", serialize(with_byte_piece(text)));
    EXPECT_EQ(message_of([&] { engine::make_sentencepiece_tokenizer(bad.path()); }),
              bad.path() + ": byte piece 1: expected <0x00> to <0xFF>, found '" +
                  (text == "<0x\n1>" ? "<0x 1>" : text) + "'");
  }
}

TEST(SentencePiece, without_a_place_in_the_order_of_merges_is_refused) {
  for (const float score : {NAN, INFINITY, -INFINITY}) {
    auto model = with_byte_piece("<0x0A>");
    model.pieces[2].score = score;
    const Scratch bad("score.model", serialize(model));
    EXPECT_EQ(message_of([&] { engine::make_sentencepiece_tokenizer(bad.path()); }),
              fmt::format("{}: piece 2: expected a finite score, found {}", bad.path(), score));
  }
}

TEST(SentencePiece, of_a_signed_byte_as_it_was_found_is_refused) {
  const std::string folder = shared_file("cases/tokenizer-signed-byte");
  SKIP_WITHOUT(folder);
  EXPECT_NE(message_of([&] {
              engine::make_sentencepiece_tokenizer(folder + "/tokenizer.model");
            }).find("expected <0x00> to <0xFF>, found '<0x-5>'"),
            std::string::npos);
}

TEST(TokenDecoder, takes_a_signed_byte_for_text) {
  const auto decoder = engine::make_token_decoder({{"type", "ByteFallback"}}, "t", false);
  EXPECT_EQ(decoder({"<0x41>", "<0x-5>", "<0x+5>", "<0x 5>", "<0x62>"}), "A<0x-5><0x+5><0x 5>b");
}

TEST(Vocabulary, of_ids_that_are_none_is_refused_with_the_id) {
  for (const std::string id : {"-1", "4294967296", "18446744073709551615", "16777216", "1.5", "\"1\""}) {
    const Scratch file("vocabulary.json",
                       R"({"model":{"type":"BPE","vocab":{"a":)" + id + R"(},"merges":[]}})");
    const std::string message = message_of([&] { engine::make_json_tokenizer(file.path()); });
    EXPECT_NE(message.find("'a': expected an id of 0 to 16777215, found " + id), std::string::npos)
        << message;
  }
}

}  // namespace
}  // namespace splitwan::tests
