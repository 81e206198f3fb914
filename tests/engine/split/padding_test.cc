// Rows padded to buckets: what an observer counts, and that nothing else changes.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "engine/decode/generate.hh"
#include "engine/drafters/named.hh"
#include "engine/wire/row_buckets.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::RandomModel;

struct PaddedRun {
  std::vector<Token> tokens;
  Run run;
};

PaddedRun decoded(RandomModel& model, const char* drafter, std::vector<int> buckets, int prompt = 40) {
  std::vector<Token> ids(prompt);
  for (int i = 0; i < prompt; ++i) ids[i] = (i * i + 3 * (i % 5)) % 90;
  PaddedRun out;
  SplitOptions options{.prefill_chunk = 16};
  if (!buckets.empty()) options.defences = read_defences({{"pad_rows", buckets}});
  out.run =
      tests::split(model, 1, 1, options, [&](Party& p, Forward& f) {
        out.tokens = generate(p, f, *make_drafter(drafter, {}), model.config(), ids, {80, false, {}}).output;
      }).client.run;
  return out;
}

TEST(RowBuckets, hold_the_rows_and_go_on_in_multiples_of_the_largest) {
  const RowBuckets some({1, 4, 8});
  std::vector<int> padded;
  for (const int rows : {1, 2, 4, 5, 8, 9, 16, 17}) padded.push_back(some.padded(rows));
  EXPECT_THAT(padded, testing::ElementsAre(1, 4, 4, 8, 8, 16, 16, 24));
  EXPECT_EQ(RowBuckets().padded(5), 5);
  EXPECT_EQ(RowBuckets({1500}).padded(1600), 2048);  // the widest tree a server takes
}

TEST(RowBuckets, are_refused_where_they_make_no_sense) {
  EXPECT_THAT(tests::error_of([] { RowBuckets({4, 4}); }), HasSubstr("4,4: expected ascending"));
  EXPECT_THAT(tests::error_of([] { RowBuckets({0}); }), HasSubstr("a bucket of 0 rows"));
}

TEST(Padding, changes_no_output_with_any_drafter) {
  RandomModel model;
  for (const char* drafter : {"sequential", "ngram", "jacobi-4", "lookahead-5-4-5"}) {
    const auto plain = decoded(model, drafter, {});
    for (const auto& buckets : {std::vector{8}, {1, 4, 8, 16, 32}, {128}})
      EXPECT_EQ(decoded(model, drafter, buckets).tokens, plain.tokens) << drafter;
  }
}

TEST(Padding, near_the_end_of_the_context_changes_nothing_either) {
  RandomModel model(Json{{"max_position_embeddings", 48}});
  const auto plain = decoded(model, "ngram", {});
  EXPECT_EQ(plain.tokens.size(), 9u);
  EXPECT_EQ(decoded(model, "ngram", {16}).tokens, plain.tokens);
}

TEST(Padding, gives_messages_of_a_bucket_one_size_whatever_was_accepted) {
  RandomModel model;
  const auto padded = decoded(model, "ngram", {4, 8}).run;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<std::uint64_t>> up;  // by rows now and before
  std::map<std::uint32_t, std::set<std::uint64_t>> down;
  std::uint32_t before = 0;
  for (const Span& s : padded.spans) {
    if (s.rows == 0 || s.op == Op::work) continue;
    EXPECT_TRUE(s.rows == 4 || s.rows == 8 || s.rows == 16) << s.rows;
    if (s.op == Op::recv) down[s.rows].insert(s.bytes);
    if (s.op == Op::send) up[{before, s.rows}].insert(s.bytes), before = s.rows;
  }
  for (const auto& [rows, sizes] : up) EXPECT_EQ(sizes.size(), 1u) << rows.first << " then " << rows.second;
  for (const auto& [rows, sizes] : down) EXPECT_EQ(sizes.size(), 1u) << rows;
  std::set<std::uint32_t> gained;
  for (const Step& s : padded.steps) gained.insert(s.accepted);
  EXPECT_GT(gained.size(), 1u) << "the run must have something to hide";
}

TEST(Padding, hides_the_prompts_last_rows) {
  RandomModel model;
  const auto bytes = [&](int prompt) {
    std::vector<std::uint64_t> sizes;
    for (const Span& s : decoded(model, "sequential", {8}, prompt).run.spans) {
      if (s.op != Op::work) sizes.push_back(s.bytes);
    }
    return sizes;
  };
  EXPECT_EQ(bytes(33), bytes(40));
  EXPECT_NE(bytes(40), bytes(41));
}

TEST(Padding, dummies_are_no_guesses_and_the_trace_says_how_many_rows_were_sent) {
  RandomModel model;
  const auto plain = decoded(model, "ngram", {}), padded = decoded(model, "ngram", {8});
  ASSERT_EQ(padded.run.steps.size(), plain.run.steps.size());
  for (std::size_t i = 0; i < plain.run.steps.size(); ++i) {
    const Step &a = plain.run.steps[i], &b = padded.run.steps[i];
    EXPECT_EQ(b.rows, a.rows);
    EXPECT_EQ(b.drafted, a.drafted);
    EXPECT_EQ(b.accepted, a.accepted);
    EXPECT_EQ(a.sent, 0u);
    EXPECT_EQ(b.sent, b.rows % 8 == 0 ? 0 : (b.rows + 7) / 8 * 8);
  }
}

}  // namespace
}  // namespace splitwan::engine
