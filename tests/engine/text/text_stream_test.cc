// Text as it streams: the same as decoding at once, in whole characters, and never past a stop string.
#include "engine/text/text_stream.hh"

#include <gmock/gmock.h>

#include <random>

#include "engine/text/utf8.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/shared_folder.hh"

namespace splitwan::engine {
namespace {

// Tokens are bytes.
struct ByteTokens : Tokenizer {
  std::vector<Token> encode(std::string_view text) const override {
    std::vector<Token> ids;
    ids.reserve(text.size());
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(std::span<const Token> ids) const override {
    std::string raw;
    for (const Token id : ids) raw += static_cast<char>(id);
    return valid_utf8(raw);
  }
  int vocabulary() const override { return 256; }
};

struct Streamed {
  std::vector<std::string> pieces;
  std::string all;
  bool stopped = false;
};

Streamed stream(const Tokenizer& tokenizer, std::span<const Token> ids, std::vector<std::string> stops) {
  Streamed out;
  TextStream text(tokenizer, std::move(stops),
                  [&](std::string_view piece) { out.pieces.emplace_back(piece); });
  for (const Token id : ids) {
    out.stopped = text.push(id);
    if (out.stopped) break;
  }
  text.finish();
  for (const std::string& piece : out.pieces) out.all += piece;
  EXPECT_EQ(text.text(), out.all);
  return out;
}

TEST(TextStream, never_emits_a_broken_character) {
  const ByteTokens bytes;
  const std::string text = "né → 漢字 🙂!";
  const Streamed out = stream(bytes, bytes.encode(text), {});
  EXPECT_EQ(out.all, text);
  for (const std::string& piece : out.pieces) EXPECT_EQ(valid_utf8(piece), piece);
  EXPECT_EQ(out.pieces.size(), 10u);  // one a character: nothing is held back longer than it must be
}

TEST(TextStream, gives_up_on_a_character_that_never_comes_at_the_end_only) {
  const ByteTokens bytes;
  const Streamed out = stream(bytes, bytes.encode("a\xF0\x9F"), {});
  EXPECT_EQ(out.all, bytes.decode(bytes.encode("a\xF0\x9F")));
}

TEST(TextStream, ends_before_a_stop_string_that_spans_tokens_and_shows_no_part_of_it) {
  const ByteTokens bytes;
  for (const std::string stop : {"###", "\n\n", "🙂"}) {
    const Streamed out = stream(bytes, bytes.encode("one # two \n three" + stop + " four"), {"never", stop});
    EXPECT_TRUE(out.stopped);
    EXPECT_EQ(out.all, "one # two \n three");
  }
}

TEST(TextStream, ends_at_the_earliest_of_several_stop_strings) {
  const ByteTokens bytes;
  EXPECT_EQ(stream(bytes, bytes.encode("abcdef"), {"cde", "bcd"}).all, "a");
  EXPECT_EQ(stream(bytes, bytes.encode("aab"), {"aab"}).all, "");
  const Streamed none = stream(bytes, bytes.encode("ab##"), {"###", ""});
  EXPECT_FALSE(none.stopped);
  EXPECT_EQ(none.all, "ab##");
}

// Token 1 is a stop string and the first byte of a character that never comes.
struct StopAndHalf : ByteTokens {
  std::string decode(std::span<const Token> ids) const override {
    std::string raw;
    for (const Token id : ids) raw += id == 1 ? "##\xF0" : std::string(1, static_cast<char>(id));
    return valid_utf8(raw);
  }
};

TEST(TextStream, finds_a_stop_string_in_what_it_held_back_to_the_end) {
  EXPECT_EQ(stream(StopAndHalf(), std::vector<Token>{'a', 1}, {"##"}).all, "a");
  EXPECT_EQ(stream(StopAndHalf(), std::vector<Token>{'a', 1}, {}).all, "a##\xEF\xBF\xBD");
}

TEST(TextStream, of_real_vocabularies_equals_decoding_at_once) {
  SKIP_WITHOUT(tests::shared_file("tokenizers"));
  for (const char* name : {"gpt2", "llama2", "mistral"}) {
    const std::string folder = tests::shared_folder() + "/tokenizers/" + name;
    std::unique_ptr<Tokenizer> tokenizer;
    try {
      tokenizer = load_tokenizer(folder);
    } catch (const Error&) {
      continue;  // a folder of several vocabularies
    }
    std::mt19937 random(5);
    for (int round = 0; round < 20; ++round) {
      std::vector<Token> ids(60);
      for (Token& id : ids) id = static_cast<Token>(random() % (round % 2 ? 300u : tokenizer->vocabulary()));
      const Streamed out = stream(*tokenizer, ids, {});
      EXPECT_EQ(out.all, tokenizer->decode(ids)) << name;
      for (const std::string& piece : out.pieces) EXPECT_EQ(valid_utf8(piece), piece);
    }
  }
}

}  // namespace
}  // namespace splitwan::engine
