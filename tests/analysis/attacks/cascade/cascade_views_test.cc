// Index sets, gaps, coalitions and few-key partial results against worked numbers
// (tests/fixtures/cascade_sharding.json).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "analysis/attacks/cascade/coalition.hh"
#include "analysis/attacks/cascade/few_keys.hh"
#include "engine/base/json.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;
using engine::Json, engine::Sharding, engine::ShardRole;

Json or_null(const std::optional<int>& x) { return x ? Json(*x) : Json(); }

// As the fixture writes it.
Json said(const Gaps& g) {
  Json histogram = Json::object();
  for (const auto& [gap, count] : g.histogram) histogram[std::to_string(gap)] = count;
  return {{"n", g.rows},
          {"max_gap_incl_first", or_null(g.largest)},
          {"max_inner_gap", or_null(g.largest_inner)},
          {"min_inner_gap", or_null(g.smallest_inner)},
          {"tail_hidden", g.hidden_tail},
          {"gap_histogram", histogram}};
}

Json said(const ShardPair& p) { return {{"max_inner_gap", or_null(p.gap)}, {"pair", {p.queries, p.keys}}}; }

struct ShardedSet {
  Json said;
  Sharding sharding;
  int tokens = 0;
};

std::vector<ShardedSet> all_sets() {
  const Json file = Json::parse(std::ifstream(SPLITWAN_SOURCE_DIR "/tests/fixtures/cascade_sharding.json"));
  std::vector<ShardedSet> sets;
  for (const Json& s : file["sets"])
    sets.push_back({s, {.alpha = s["alpha"], .cluster = s["c"]}, s["N"].get<int>()});
  return sets;
}

TEST(CascadeViews, equal_the_worked_sets_element_by_element) {
  std::size_t compared = 0;
  const auto expect_equal = [&](const Json& ours, const Json& worked, const std::string& what) {
    EXPECT_EQ(ours, worked) << what;
    ++compared;
  };
  for (const auto& [said_of_it, sharding, tokens] : all_sets()) {
    const std::string name =
        said_of_it["alpha"].dump() + "," + said_of_it["c"].dump() + "," + said_of_it["N"].dump();
    expect_equal(sharding.nodes(), said_of_it["nodes"], name);
    expect_equal(sharding.stride(), said_of_it["delta_stride"], name);
    expect_equal(sharding.hole(), said_of_it["hole"], name);
    for (int a = 0; a < sharding.alpha; ++a)
      expect_equal(positions_of(sharding, {a}, tokens), said_of_it["shards"][static_cast<std::size_t>(a)],
                   name);
    std::map<std::string, const NodeView*> by_name;
    const auto views = node_views(sharding, tokens);
    for (const NodeView& v : views) by_name[engine::name_of(v.party)] = &v;
    for (int a = 0; a < sharding.alpha; ++a)
      expect_equal(said(by_name.at("comp:" + std::to_string(a))->gaps),
                   said_of_it["comp_views"][static_cast<std::size_t>(a)], name);
    for (const auto& [pair, worked] : said_of_it["attn_views"].items())
      expect_equal(said(by_name.at("attn:" + pair)->gaps), worked, name + " attn:" + pair);
    expect_equal(said(worst_pair(sharding, tokens)), said_of_it["attn_worst_pair"], name);
    expect_equal(said(best_pair(sharding, tokens)), said_of_it["attn_best_pair"], name);
    const Coalition attn = worst_coalition(sharding, ShardRole::attn, 2, tokens);
    expect_equal({{"max_inner_gap", or_null(attn.hole_gap)}, {"shards_seen", attn.shards}},
                 said_of_it["two_colluding_attn_worst"], name);
    const Coalition comp = worst_coalition(sharding, ShardRole::comp, 2, tokens);
    expect_equal({{"max_inner_gap", or_null(comp.hole_gap)}, {"pair", comp.shards}},
                 said_of_it["two_colluding_comp_worst"], name);
    const Partials partials = partials_of(sharding, tokens);
    expect_equal(partials.filled, said_of_it["causal_nonempty_partials"], name);
    expect_equal(partials.all, said_of_it["all_partials"], name);
    const FewKeys one = count_few(partials, 1, 0), two = count_few(partials, 2, 0);
    expect_equal(one.count, said_of_it["foreign_single_key"]["count"], name);
    expect_equal(one.exposed, said_of_it["foreign_single_key"]["distinct_tokens_exposed"], name);
    Json first = Json::array();
    for (const Partial& p : partials.few)
      if (p.keys.size() == 1 && first.size() < 6) first.push_back({p.query, p.shard, p.keys.front()});
    expect_equal(first, said_of_it["foreign_single_key"]["first"], name);
    expect_equal(two.count, said_of_it["foreign_two_keys"], name);
  }
  std::printf("%zu values compared\n", compared);
  EXPECT_GE(compared, 9u * 20u);
}

TEST(CascadeViews, gaps_follow_the_closed_forms) {
  std::size_t compared = 0;
  for (const int alpha : {2, 3, 4, 5, 8})
    for (const int cluster : {1, 2, 3}) {
      const Sharding sharding{.alpha = alpha, .cluster = cluster};
      const int tokens = 6 * sharding.stride() + 1;
      for (const NodeView& v : node_views(sharding, tokens)) {
        if (v.party.role != ShardRole::comp) continue;
        EXPECT_EQ(v.gaps.largest_inner, (alpha - 1) * cluster + 1);
        EXPECT_EQ(v.gaps.smallest_inner, cluster > 1 ? 1 : alpha);
        ++compared;
      }
      EXPECT_EQ(worst_pair(sharding, tokens).gap, ((alpha + 1) / 2 - 1) * cluster + 1);
      EXPECT_EQ(worst_coalition(sharding, ShardRole::attn, 1, tokens).hole_gap,
                worst_pair(sharding, tokens).gap);
    }
  EXPECT_EQ(compared, 3u * (2 + 3 + 4 + 5 + 8));
}

TEST(CascadeViews, more_nodes_never_see_less) {
  const Sharding sharding{.alpha = 8, .cluster = 3};
  std::optional<int> before;
  for (int nodes = 1; nodes <= 5; ++nodes) {
    const Coalition worst = worst_coalition(sharding, ShardRole::attn, nodes, 240);
    EXPECT_LE(worst.hole_gap.value(), before.value_or(1000));
    before = worst.hole_gap;
    EXPECT_EQ(worst.inside_gap, 1);
  }
  EXPECT_EQ(before, 1);  // four AttnNodes see all eight shards
  EXPECT_THAT(error_of([&] { worst_coalition(sharding, ShardRole::comp, 9, 240); }),
              testing::HasSubstr("expected 1 to 8 CompNodes, found 9"));
  EXPECT_THAT(error_of([&] { worst_coalition({.alpha = 40}, ShardRole::attn, 6, 240); }),
              testing::HasSubstr("different sets"));
}

TEST(CascadeViews, a_public_prefix_keeps_secret_tokens_out_of_sets_of_a_few_keys) {
  struct Case {
    int alpha, cluster, prefix, one_key, two_keys;  // partials with a secret key
  };
  // With one public key in every shard the first secret one still makes two.
  const Case cases[] = {{4, 1, 0, 12, 12}, {4, 1, 1, 0, 12}, {4, 1, 2, 0, 0}, {3, 1, 2, 0, 0},
                        {4, 2, 0, 0, 24},  {4, 2, 1, 0, 0},  {8, 3, 0, 0, 0}, {8, 1, 2, 0, 0}};
  for (const Case& c : cases) {
    const Sharding sharding{.alpha = c.alpha, .cluster = c.cluster};
    const int prefix = prefix_tokens(sharding, c.prefix);
    const Partials partials = partials_of(sharding, prefix + 64);
    EXPECT_EQ(count_few(partials, 1, prefix).secret, c.one_key) << c.alpha << c.cluster << c.prefix;
    EXPECT_EQ(count_few(partials, 2, prefix).secret, c.two_keys) << c.alpha << c.cluster << c.prefix;
  }
}

TEST(CascadeViews, an_aggregator_takes_partials_from_comp_nodes_and_sees_those_of_all) {
  const Sharding sharding{.alpha = 4, .cluster = 2, .aggregator = true};
  int mergers = 0;
  for (const NodeView& v : node_views(sharding, 32)) {
    const bool merger = v.party.role == ShardRole::merge;
    mergers += merger;
    EXPECT_EQ(v.partials.size(), merger ? 32u : 0u);
    EXPECT_EQ(partials_gap(sharding, v, 32), merger ? std::optional(1) : std::nullopt);
    EXPECT_EQ(v.visible.empty(), merger);
  }
  EXPECT_EQ(mergers, 1);
  // A query's own shard has one key for the first token of every shard: 4 tokens, though clusters are of two.
  const FewKeys one = count_few(partials_of(sharding, 32), 1, 0);
  EXPECT_EQ(one.exposed, (std::set<int>{0, 2, 4, 6}));
}

TEST(CascadeViews, without_an_aggregator_each_partial_result_adds_one_cluster) {
  for (const int cluster : {1, 2, 3}) {
    const Sharding sharding{.alpha = 4, .cluster = cluster};
    for (const NodeView& v : node_views(sharding, 60))
      EXPECT_EQ(partials_gap(sharding, v, 60),
                v.party.role == ShardRole::comp ? std::optional(cluster) : std::nullopt);
  }
}

}  // namespace
}  // namespace splitwan::tests
