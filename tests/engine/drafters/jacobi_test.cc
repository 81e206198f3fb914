#include "engine/drafters/jacobi.hh"

#include <gmock/gmock.h>

#include "tests/fixtures/drafter_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using tests::TextModel;

TEST(Jacobi, puts_below_each_row_what_the_model_put_there_in_the_step_before) {
  TextModel counting{[](auto path) { return path.back() + 1; }, {3, 4, 5}};
  const auto jacobi = make_jacobi({.block = 3});
  const TokenBatch first = counting.step(*jacobi);
  EXPECT_THAT(first.ids, ElementsAre(5, 3, 4, 5));
  EXPECT_THAT(first.parent, ElementsAre(-1, 0, 1, 2));
  // 6 is fixed; after the guesses 3 and 4 the model put 4 and 5.
  EXPECT_THAT(counting.step(*jacobi).ids, ElementsAre(6, 4, 5));
}

TEST(Jacobi, is_at_the_fixed_point_when_the_block_has_stopped_changing) {
  TextModel flat{[](auto) { return 9; }, {3, 4, 5}};
  const auto jacobi = make_jacobi({.block = 4});
  flat.step(*jacobi);  // every guess is wrong, every correction right
  EXPECT_THAT(flat.step(*jacobi).ids, ElementsAre(9, 9, 9, 9));
  EXPECT_THAT(flat.context, ElementsAre(3, 4, 5, 9, 9, 9, 9, 9));
  EXPECT_EQ(flat.step(*jacobi).rows(), 1 + 4) << "the next block";
}

TEST(Jacobi, fixes_a_block_in_no_more_steps_than_it_has_tokens) {
  TextModel counting{[](auto path) { return path.back() + 1; }, {3}};
  const auto jacobi = make_jacobi({.block = 4});
  for (const int rows : {5, 4, 3, 2, 5}) EXPECT_EQ(counting.step(*jacobi).rows(), rows);
}

TEST(Jacobi, never_drafts_past_the_room_it_is_given) {
  TextModel counting{[](auto path) { return path.back() + 1; }, {3}};
  const auto jacobi = make_jacobi({.block = 4});
  EXPECT_EQ(counting.step(*jacobi, 2).rows(), 3);
  EXPECT_EQ(counting.step(*jacobi, 0).rows(), 1);
}

}  // namespace
}  // namespace splitwan::engine
