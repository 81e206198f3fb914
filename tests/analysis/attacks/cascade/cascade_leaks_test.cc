// What a sharded sequence gives away without a remedy, and with it.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/attacks/cascade/look_up.hh"
#include "analysis/attacks/cascade/reading.hh"
#include "tests/fixtures/cascade_attack_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;
using engine::Sharding;

int right(const std::map<int, Token>& found, const std::vector<Token>& ids) {
  int n = 0;
  for (const auto& [position, token] : found) n += ids[static_cast<std::size_t>(position)] == token;
  return n;
}

TEST(CascadeLeaks, a_single_keys_partial_result_is_a_foreign_token) {
  const CascadeWorld& world = CascadeWorld::get();
  const RowTable table(world.pieces, 0, 1);
  const Sharding sharding{.alpha = 4};
  int tokens = 0;
  for (const auto& ids : world.documents)
    for (int owner = 0; owner < 4; ++owner) {
      const Exposed e =
          read_few_keys(table, shown(world.pieces, 0, ids), sharding, static_cast<int>(ids.size()), owner);
      EXPECT_EQ(e.one_key.size(), 3u);  // the first four tokens but its own
      EXPECT_EQ(right(e.one_key, ids), 3);
      tokens += right(e.one_key, ids);
    }
  EXPECT_EQ(tokens, 6 * 4 * 3);
}

TEST(CascadeLeaks, two_keys_come_apart_when_two_queries_ask) {
  const CascadeWorld& world = CascadeWorld::get();
  const RowTable table(world.pieces, 0, 1);
  const Sharding sharding{.alpha = 4, .cluster = 2};
  int tokens = 0, found = 0;
  for (const auto& ids : world.documents)
    for (int owner = 0; owner < 4; ++owner) {
      const Exposed e =
          read_few_keys(table, shown(world.pieces, 0, ids), sharding, static_cast<int>(ids.size()), owner);
      EXPECT_EQ(e.one_key.size(), 0u);
      tokens += 6, found += right(e.two_keys, ids);
    }
  std::printf("%d of %d tokens\n", found, tokens);
  EXPECT_EQ(tokens, 144);
  EXPECT_GE(found, 137);  // 95 %
}

TEST(CascadeLeaks, partial_results_read_in_order_give_a_comp_node_the_whole_text) {
  const CascadeWorld& world = CascadeWorld::get();
  for (const int cluster : {1, 2}) {
    const Sharding sharding{.alpha = 4, .cluster = cluster};
    const SearchLimits limits{1, tolerance_of(world.pieces, RowKind::partial, 1, world.own_texts), 4096};
    const auto& ids = world.documents[2];
    const LayerRows rows = shown(world.pieces, 1, ids);
    const Reading r = read_partials_at_comp(world.pieces, {ids, rows}, sharding, 1, true, limits, never_stop);
    int same = 0;
    for (std::size_t i = 0; i < r.tokens.size(); ++i) same += r.tokens[i] == ids[i];
    std::printf("c %d: %d of %zu, %d of %d found, %zu passes\n", cluster, same, r.tokens.size(), r.found,
                r.searches, static_cast<std::size_t>(r.passes));
    if (cluster == 1) {
      EXPECT_EQ(same, static_cast<int>(r.tokens.size()));
    }
  }
  const Sharding sharding{.alpha = 4, .cluster = 3, .aggregator = true};
  const SearchLimits limits{1, tolerance_of(world.pieces, RowKind::partial, 1, world.own_texts), 4096};
  const auto& ids = world.documents[2];
  const Reading r =
      read_partials_at_merger(world.pieces, {ids, shown(world.pieces, 1, ids)}, sharding, limits, never_stop);
  EXPECT_EQ(r.tokens, ids);
}

}  // namespace
}  // namespace splitwan::tests
