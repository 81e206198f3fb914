// Everything that a tokenizer's folder says: control tokens, what texts are put between, padded vocabularies.
#include <gmock/gmock.h>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "engine/text/sentencepiece_model.hh"
#include "engine/text/text_stream.hh"
#include "engine/text/tokenizer_folder.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

std::vector<Token> whole(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<Token> ids = tokenizer.encode(text);
  const TextFrame frame = tokenizer.frame().value_or(TextFrame{});
  ids.insert(ids.begin(), frame.before.begin(), frame.before.end());
  ids.insert(ids.end(), frame.after.begin(), frame.after.end());
  return ids;
}

class RealFolder : public testing::TestWithParam<const char*> {};

TEST_P(RealFolder, gives_the_reference_ids_for_every_text_with_its_first_token) {
  const std::string folder = tests::shared_folder() + "/tokenizers/" + GetParam();
  SKIP_WITHOUT(folder);
  const auto tokenizer = load_tokenizer(folder);
  const Json expected = read_json_file(folder + "_expected.json");
  ASSERT_EQ(expected.at("cases").size(), 71u);
  for (const Json& c : expected.at("cases"))
    EXPECT_EQ(whole(*tokenizer, c.at("text")), c.at("ids").get<std::vector<Token>>()) << c.at("text");
}

INSTANTIATE_TEST_SUITE_P(Shared, RealFolder, testing::Values("llama3_1", "mistral_nemo", "qwen3"),
                         [](const auto& info) { return std::string(info.param); });

TEST(TokenizerFolder, reads_mistrals_v3_instructions_as_control_tokens) {
  const std::string model =
      tests::shared_folder() + "/tokenizers/mistral/mistral_instruct_tokenizer_240323.model.v3";
  SKIP_WITHOUT(model);
  const TemporaryFolder folder;
  std::filesystem::copy_file(model, folder / "tokenizer.model");
  EXPECT_THAT(load_tokenizer(folder.string())->encode("[INST]user[/INST]\n[INST]assistant[/INST]\n"),
              ElementsAre(3, 2606, 4, 781, 3, 1257, 11911, 4, 781));
}

// Letters, and a control token.
SentencePieceModel letters() {
  using Type = SentencePiece::Type;
  SentencePieceModel model;
  model.pieces = {{"<unk>", 0, Type::unknown},
                  {"<s>", 0, Type::control},
                  {"</s>", 0, Type::control},
                  {"\xE2\x96\x81", -1},
                  {"a", -2},
                  {"b", -3},
                  {"\n", -4}};
  return model;
}

std::unique_ptr<Tokenizer> folder_of(const std::map<std::string, Json>& files) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer.model", serialize(letters()));
  for (const auto& [name, content] : files) write_file(folder / name, content.dump());
  return load_tokenizer(folder.string());
}

TEST(TokenizerFolder, takes_the_control_tokens_that_a_text_spells_for_themselves) {
  const auto tokenizer = folder_of({});
  EXPECT_THAT(tokenizer->encode("a</s>b"), ElementsAre(3, 4, 2, 5));
  EXPECT_EQ(tokenizer->control(2), "</s>");
  EXPECT_EQ(tokenizer->control(4), "");
  EXPECT_EQ(tokenizer->decode(std::vector<Token>{3, 4, 2, 5}), "ab");
  EXPECT_FALSE(tokenizer->frame()) << "nobody says what texts begin with";
}

TEST(TokenizerFolder, puts_the_space_before_each_piece_of_text_where_the_older_class_does) {
  EXPECT_THAT(
      folder_of({{"tokenizer_config.json", {{"tokenizer_class", "LlamaTokenizer"}}}})->encode("a</s>b"),
      ElementsAre(3, 4, 2, 3, 5));
  EXPECT_THAT(
      folder_of({{"tokenizer_config.json", {{"tokenizer_class", "LlamaTokenizer"}, {"legacy", false}}}})
          ->encode("a</s>b"),
      ElementsAre(3, 4, 2, 5));
}

TEST(TokenizerFolder, adds_the_tokens_of_its_lists) {
  const Json decoder = {{"8", {{"content", "<|im_end|>"}, {"special", true}}}};
  const auto tokenizer = folder_of({{"added_tokens.json", {{"<tool>", 7}, {"<|im_end|>", 8}}},
                                    {"tokenizer_config.json", {{"added_tokens_decoder", decoder}}}});
  EXPECT_EQ(tokenizer->vocabulary(), 9);
  EXPECT_THAT(tokenizer->encode("a<tool><|im_end|>"), ElementsAre(3, 4, 7, 8));
  EXPECT_EQ(tokenizer->decode(std::vector<Token>{4, 7, 8, 12}), "a<tool>");
  EXPECT_EQ(tokenizer->control(8), "<|im_end|>");
}

// Gemma 1's and 2's have no <0x09>: a tab is a token of its own there.
TEST(TokenizerFolder, falls_back_to_the_bytes_of_each_character_that_has_them_all) {
  Json vocabulary = {{"<unk>", 0}, {"a", 1}, {"\t", 2}};
  for (int byte = 0; byte < 256; ++byte)
    if (byte != 0x09 && byte != 0xB1) vocabulary[fmt::format("<0x{:02X}>", byte)] = 3 + byte;
  const TemporaryFolder folder;
  write_file(folder / "tokenizer.json", Json{{"model",
                                              {{"type", "BPE"},
                                               {"byte_fallback", true},
                                               {"unk_token", "<unk>"},
                                               {"vocab", vocabulary},
                                               {"merges", Json::array()}}},
                                             {"decoder", {{"type", "ByteFallback"}}}}
                                            .dump());
  const auto tokenizer = load_tokenizer(folder.string());
  EXPECT_THAT(tokenizer->encode("a\t\xC3\xA9"), ElementsAre(1, 2, 3 + 0xC3, 3 + 0xA9));
  EXPECT_THAT(tokenizer->encode("\xC3\xB1"
                                "a"),
              ElementsAre(0, 1))
      << "its last byte has no token";
}

TEST(TokenizerFolder, says_what_texts_begin_and_end_with) {
  const auto frame = [](Json config) {
    config.update({{"bos_token", "<s>"}, {"eos_token", {{"content", "</s>"}}}});
    return folder_of({{"tokenizer_config.json", config}})->frame().value();
  };
  EXPECT_EQ(frame({{"tokenizer_class", "LlamaTokenizer"}}), (TextFrame{{1}, {}}));
  EXPECT_EQ(frame({{"add_bos_token", false}}), (TextFrame{}));
  EXPECT_EQ(frame({{"add_bos_token", true}, {"add_eos_token", true}}), (TextFrame{{1}, {2}}));
  EXPECT_EQ(frame({{"tokenizer_class", "Qwen2Tokenizer"}}), (TextFrame{}));
  EXPECT_THAT(error_of([&] {
                frame({{"add_bos_token", "yes"}});
              }),
              HasSubstr("tokenizer_config.json: add_bos_token: expected true or false, found \"yes\""));
}

TEST(TokenizerFolder, reads_the_template_of_a_post_processor) {
  const Json tokens = {{"<s>", {{"id", "<s>"}, {"ids", {1}}, {"tokens", {"<s>"}}}},
                       {"</s>", {{"id", "</s>"}, {"ids", {2}}, {"tokens", {"</s>"}}}}};
  const Json text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  const auto token = [](const char* id) { return Json{{"SpecialToken", {{"id", id}, {"type_id", 0}}}}; };
  const Json both = {{"type", "TemplateProcessing"},
                     {"single", {token("<s>"), text, token("</s>")}},
                     {"special_tokens", tokens}};
  EXPECT_EQ(read_post_processor(both, "p"), (TextFrame{{1}, {2}}));
  const Json nested = {{"type", "Sequence"}, {"processors", {{{"type", "ByteLevel"}}, both}}};
  EXPECT_EQ(read_post_processor(nested, "p"), (TextFrame{{1}, {2}}));
  EXPECT_FALSE(read_post_processor({{"type", "ByteLevel"}}, "p"));
  EXPECT_EQ(error_of([&] {
              read_post_processor({{"type", "RobertaProcessing"}}, "p");
            }),
            "p: type 'RobertaProcessing' is not implemented");
}

TEST(TokenizerFolder, says_what_a_file_is_that_is_none) {
  const TemporaryFolder folder;
  write_file(folder / "tokenizer.model",
             "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
  EXPECT_THAT(error_of([&] { load_tokenizer(folder.string()); }),
              HasSubstr("tokenizer.model: a Git LFS pointer, not the file itself"));
  write_file(folder / "tokenizer.model", "AA== 0\nAQ== 1\nAg== 2\n");
  EXPECT_THAT(error_of([&] { load_tokenizer(folder.string()); }),
              HasSubstr("tokenizer.model: a tiktoken file"));
}

TEST(TextStream, stops_at_a_control_token_as_it_is_spelled_and_shows_none) {
  const auto tokenizer = folder_of({});
  const std::vector<Token> ids = {4, 2, 5, 1, 4};  // a </s> b <s> a
  const auto streamed = [&](std::vector<std::string> stops) {
    std::string shown;
    TextStream text(*tokenizer, std::move(stops), [&](std::string_view more) { shown += more; });
    for (const Token id : ids)
      if (text.push(id)) break;
    text.finish();
    EXPECT_EQ(shown, text.text());
    return shown;
  };
  EXPECT_EQ(streamed({}), "aba");
  EXPECT_EQ(streamed({"</s>"}), "a");
  EXPECT_EQ(streamed({"b<s>a"}), "a");
  EXPECT_EQ(streamed({"<s>b"}), "aba");
}

}  // namespace
}  // namespace splitwan::engine
