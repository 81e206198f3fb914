#include "engine/base/types.hh"

#include <gmock/gmock.h>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::error_of;
using Rows = std::vector<std::int32_t>;

const Rows tree = {-1, 0, 0, 2, 1, 3, -1};  // 0 -> {1 -> 4, 2 -> 3 -> 5}, and 6 apart

TEST(SplitPlan, gives_the_middle_to_the_server) {
  const SplitPlan plan = SplitPlan::of(12, 2, 3);
  EXPECT_EQ(plan.head, (LayerRange{0, 2}));
  EXPECT_EQ(plan.middle, (LayerRange{2, 9}));
  EXPECT_EQ(plan.tail, (LayerRange{9, 12}));
}

TEST(SplitPlan, covers_every_layer_once) {
  for (int layers = 1; layers < 8; ++layers) {
    for (int head = 0; head < layers; ++head) {
      for (int tail = 0; head + tail < layers; ++tail) {
        const SplitPlan plan = SplitPlan::of(layers, head, tail);
        EXPECT_EQ(plan.head.begin, 0);
        EXPECT_EQ(plan.head.end, plan.middle.begin);
        EXPECT_EQ(plan.middle.end, plan.tail.begin);
        EXPECT_EQ(plan.tail.end, layers);
        EXPECT_EQ(plan.head.size(), head);
        EXPECT_EQ(plan.tail.size(), tail);
        EXPECT_GE(plan.middle.size(), 1);
      }
    }
  }
}

TEST(SplitPlan, refuses_to_leave_the_server_nothing) {
  EXPECT_EQ(error_of([] { SplitPlan::of(12, 6, 6); }),
            "split 6,6: the model has 12 layers; at least one must be left for the server");
  EXPECT_THAT(error_of([] { SplitPlan::of(12, 13, 0); }), HasSubstr("12 layers"));
  EXPECT_THAT(error_of([] { SplitPlan::of(12, -1, 1); }), HasSubstr("split -1,1"));
  EXPECT_THAT(error_of([] { SplitPlan::of(12, 1, -1); }), HasSubstr("split 1,-1"));
}

TEST(TokenBatch, chain_follows_the_row_before) {
  const TokenBatch batch = TokenBatch::chain(std::vector<Token>{7, 8, 9});
  EXPECT_THAT(batch.ids, ElementsAre(7, 8, 9));
  EXPECT_THAT(batch.parent, ElementsAre(-1, 0, 1));
  EXPECT_EQ(batch.rows(), 3);
  EXPECT_EQ(TokenBatch::chain({}).rows(), 0);
}

TEST(Depths, count_ancestors) {
  EXPECT_THAT(depths(tree), ElementsAre(0, 1, 1, 2, 2, 3, 0));
  EXPECT_THAT(depths(Rows{}), IsEmpty());
}

TEST(Depths, refuse_a_parent_that_does_not_precede) {
  EXPECT_EQ(error_of([] { depths(Rows{-1, 1}); }), "batch row 1: parent 1 is not an earlier row");
  EXPECT_EQ(error_of([] { depths(Rows{0}); }), "batch row 0: parent 0 is not an earlier row");
  EXPECT_EQ(error_of([] { depths(Rows{-1, 0, 5}); }), "batch row 2: parent 5 is not an earlier row");
  EXPECT_EQ(error_of([] { depths(Rows{-2}); }), "batch row 0: parent -2 is not an earlier row");
}

TEST(PathTo, goes_from_the_root_down) {
  EXPECT_THAT(path_to(tree, 5), ElementsAre(0, 2, 3, 5));
  EXPECT_THAT(path_to(tree, 4), ElementsAre(0, 1, 4));
  EXPECT_THAT(path_to(tree, 6), ElementsAre(6));
  EXPECT_THAT(path_to(tree, -1), IsEmpty());
}

TEST(PathTo, has_one_row_per_depth) {
  const auto depth = depths(tree);
  for (std::size_t row = 0; row < tree.size(); ++row) {
    const auto path = path_to(tree, static_cast<std::int32_t>(row));
    ASSERT_EQ(path.size(), depth[row] + 1u);
    for (std::size_t i = 0; i < path.size(); ++i) EXPECT_EQ(depth[path[i]], static_cast<std::int32_t>(i));
  }
}

TEST(IsChain, tells_chains_from_trees) {
  EXPECT_TRUE(is_chain(Rows{}));
  EXPECT_TRUE(is_chain(Rows{-1}));
  EXPECT_TRUE(is_chain(Rows{-1, 0, 1}));
  EXPECT_FALSE(is_chain(Rows{-1, 0, 0}));
  EXPECT_FALSE(is_chain(Rows{-1, -1}));
  EXPECT_FALSE(is_chain(Rows{0}));
  EXPECT_TRUE(is_chain(TokenBatch::chain(std::vector<Token>{4, 4, 4, 4}).parent));
}

}  // namespace
}  // namespace splitwan::engine
