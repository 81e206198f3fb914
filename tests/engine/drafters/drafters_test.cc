#include "engine/drafters/named.hh"

#include <gmock/gmock.h>

#include "engine/drafters/ngram.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using Tokens = std::vector<Token>;

TokenBatch propose(Drafter& drafter, const Tokens& context, int room) {
  TokenBatch batch;
  tests::alone([&](Party& party) { batch = drafter.propose(party, context, room); });
  return batch;
}

TEST(Sequential, proposes_the_last_token_alone) {
  const TokenBatch batch = propose(*make_sequential(), Tokens{4, 5, 6}, 10);
  EXPECT_THAT(batch.ids, ElementsAre(6));
  EXPECT_THAT(batch.parent, ElementsAre(-1));
}

TEST(Ngram, proposes_what_followed_the_last_token_before_the_most_recent_first) {
  const TokenBatch batch = propose(*make_ngram({.n = 3, .candidates = 4}), Tokens{7, 1, 2, 7, 3, 4, 7}, 10);
  EXPECT_THAT(batch.ids, ElementsAre(7, 3, 4, 1, 2));
  EXPECT_THAT(batch.parent, ElementsAre(-1, 0, 1, 0, 3));
}

TEST(Ngram, shares_the_rows_of_common_beginnings) {
  const TokenBatch batch = propose(*make_ngram({.n = 3, .candidates = 4}), Tokens{7, 1, 2, 7, 1, 3, 7}, 10);
  EXPECT_THAT(batch.ids, ElementsAre(7, 1, 3, 2));
  EXPECT_THAT(batch.parent, ElementsAre(-1, 0, 1, 1));
}

TEST(Ngram, grows_from_the_output) {
  const auto drafter = make_ngram({.n = 3, .candidates = 2});
  EXPECT_EQ(propose(*drafter, Tokens{1, 2, 3}, 10).rows(), 1);
  EXPECT_THAT(propose(*drafter, Tokens{1, 2, 3, 9, 1}, 10).ids, ElementsAre(1, 2, 3));
}

TEST(Ngram, keeps_no_more_candidates_than_asked) {
  const Tokens context{7, 1, 1, 7, 2, 2, 7, 3, 3, 7};
  EXPECT_THAT(propose(*make_ngram({.n = 3, .candidates = 2}), context, 10).ids, ElementsAre(7, 3, 3, 2, 2));
}

TEST(Ngram, never_drafts_past_the_room_it_is_given) {
  const Tokens context{7, 1, 2, 3, 7};
  EXPECT_THAT(propose(*make_ngram({.n = 4, .candidates = 2}), context, 2).ids, ElementsAre(7, 1, 2));
  EXPECT_THAT(propose(*make_ngram({.n = 4, .candidates = 2}), context, 0).ids, ElementsAre(7));
}

TEST(Drafters, are_known_by_name) {
  for (const char* name : {"sequential", "ngram", "ngram-3", "ngram-7", "jacobi", "jacobi-16", "lookahead",
                           "lookahead-15-5-15", "auto"})
    EXPECT_NE(make_drafter(name, {}), nullptr);
  for (const char* name : {"ngram-9", "ngram-", "jacobi-0", "jacobi-4-4", "jacobi-x", "lookahead-7-5",
                           "lookahead-7-1-7", "lookahead-7-5-1000", "lookahead-7-5-7-", ""}) {
    EXPECT_THAT(tests::error_of([&] { make_drafter(name, {}); }),
                testing::HasSubstr("expected sequential, ngram"))
        << name;
  }
}

}  // namespace
}  // namespace splitwan::engine
