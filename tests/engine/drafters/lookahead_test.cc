#include "engine/drafters/lookahead.hh"

#include <gmock/gmock.h>

#include "tests/fixtures/drafter_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using tests::TextModel;

// Puts 10 t after a token t, so that every token tells its column and its level; but the text goes as `told`
// says.
TextModel model(std::vector<Token> told) {
  return {[told](std::span<const Token> path) {
            const bool is_text =
                path.size() < told.size() && std::equal(path.begin(), path.end(), told.begin());
            return is_text ? told[path.size()] : 10 * path.back();
          },
          {told.begin(), told.begin() + 3}};
}

TEST(Lookahead, begins_with_one_level_of_tokens_from_the_text) {
  auto text = model({1, 2, 3, 4, 5, 6});
  const TokenBatch batch = text.step(*make_lookahead({.window = 2, .n = 3, .candidates = 2}));
  EXPECT_THAT(batch.ids, ElementsAre(3, 1, 3, 2));
  EXPECT_THAT(batch.parent, ElementsAre(-1, 0, 1, 2));
}

// Figure 2 of the paper, small: W = 3, N = 4, so three levels of three columns. A row sees level 0 up to its
// column, and its own column above it; its position is one more than the row's above.
TEST(Lookahead, draws_the_window_of_the_paper) {
  auto text = model({1, 2, 3, 4, 5, 6, 8, 9});
  const auto lookahead = make_lookahead({.window = 3, .n = 4, .candidates = 2});
  text.step(*lookahead);  // 1 3 2 1 3
  text.step(*lookahead);  // 3 2 1 3, and what the model put after them
  const TokenBatch batch = text.step(*lookahead);
  EXPECT_THAT(batch.ids, ElementsAre(5,             //
                                     2, 20, 200,    // column 0 of levels 0, 1, 2
                                     1, 10, 100,    // column 1
                                     3, 30, 300));  // column 2
  EXPECT_THAT(batch.parent, ElementsAre(-1,         //
                                        0, 1, 2,    //
                                        1, 4, 5,    // level 0 is a chain; each column hangs below its own
                                        4, 7, 8));
  EXPECT_THAT(depths(batch.parent), ElementsAre(0, 1, 2, 3, 2, 3, 4, 3, 4, 5)) << "1 + column + level";
}

TEST(Lookahead, moves_the_window_on_by_a_level_and_a_position) {
  auto text = model({1, 2, 3, 4, 5, 6, 8, 9});
  const auto lookahead = make_lookahead({.window = 2, .n = 3, .candidates = 2});
  text.step(*lookahead);
  text.step(*lookahead);  // 3 2 and 30 20
  const TokenBatch batch = text.step(*lookahead);
  EXPECT_THAT(batch.ids, ElementsAre(5, 30, 300, 20, 200));
  EXPECT_THAT(batch.parent, ElementsAre(-1, 0, 1, 1, 3));
}

TEST(Lookahead, verifies_in_the_same_forward_what_its_trajectories_put_after_the_last_token) {
  auto text = model({1, 2, 3, 4, 5, 2, 20, 200, 7});
  const auto lookahead = make_lookahead({.window = 2, .n = 3, .candidates = 2});
  text.step(*lookahead);
  text.step(*lookahead);
  text.step(*lookahead);                           // the window has shown 2 20 200 by now
  const TokenBatch batch = text.step(*lookahead);  // and the text has come to 2
  EXPECT_THAT(std::vector(batch.ids.begin(), batch.ids.begin() + 3), ElementsAre(2, 20, 200));
  EXPECT_THAT(std::vector(batch.parent.begin(), batch.parent.begin() + 3), ElementsAre(-1, 0, 1));
  EXPECT_GT(batch.rows(), 3) << "the lookahead branch beside it";
  EXPECT_THAT(text.context, ElementsAre(1, 2, 3, 4, 5, 2, 20, 200, 7)) << "three tokens in one step";
}

TEST(Lookahead, verifies_what_followed_the_last_token_in_the_text) {
  TextModel text{[](auto) { return 0; }, {7, 1, 2, 7, 3, 4, 7}};
  const TokenBatch batch = text.step(*make_lookahead({.window = 1, .n = 3, .candidates = 2}));
  EXPECT_THAT(std::vector(batch.ids.begin(), batch.ids.begin() + 5), ElementsAre(7, 3, 4, 1, 2));
  EXPECT_THAT(std::vector(batch.parent.begin(), batch.parent.begin() + 5), ElementsAre(-1, 0, 1, 0, 3));
}

TEST(Lookahead, never_drafts_past_the_room_it_is_given) {
  for (const int room : {0, 1, 2, 5}) {
    auto text = model({1, 2, 3, 4, 5, 6, 8, 9, 10, 11});
    const auto lookahead = make_lookahead({.window = 6, .n = 4, .candidates = 2});
    for (int i = 0; i < 5; ++i) {
      const auto depth = depths(text.step(*lookahead, room).parent);
      EXPECT_LE(*std::max_element(depth.begin(), depth.end()), room);
    }
  }
}

}  // namespace
}  // namespace splitwan::engine
