// Reading tokens that a node does not see, on the demo model.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/attacks/cascade/look_up.hh"
#include "analysis/attacks/cascade/reading.hh"
#include "engine/layers/chunked_slots.hh"
#include "tests/fixtures/attacks/cascade_attack_fixture.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;

TEST(CascadeRows, queries_keys_and_values_are_the_engines) {
  const CascadeWorld& world = CascadeWorld::get();
  const auto& c = world.pieces.config();
  const std::vector<Token>& ids = world.documents[0];
  const int n = static_cast<int>(ids.size());
  Session session(world.pieces, c.layers);
  session.begin(chain(ids.size()));
  at::Tensor x = world.pieces.embed(ids);
  std::size_t compared = 0;
  for (int layer = 0; layer < c.layers; ++layer) {
    const LayerRows rows = shown(world.pieces, layer, ids);
    EXPECT_LT(relative_distance(rows.hidden, x).max().item<double>(), 1e-4) << layer;
    engine::KvCache cache = world.pieces.layer(layer).new_cache();
    cache.begin(chain(ids.size()));
    world.pieces.layer(layer)(x.clone(), cache);
    std::vector<float> key(static_cast<std::size_t>(c.kv_width())), value = key;
    for (int row = 0; row < n; ++row, ++compared) {
      cache.memory<engine::ChunkedSlots>().get(0, row, key.data(), value.data());
      const at::Tensor both = at::cat({at::tensor(key), at::tensor(value)}).unsqueeze(0);
      EXPECT_LT(relative_distance(flat(rows, RowKind::key_value).narrow(0, row, 1), both).item<double>(),
                1e-4);
    }
    x = session.through(x.clone(), layer, layer + 1);
  }
  EXPECT_EQ(compared, static_cast<std::size_t>(n * c.layers));
}

TEST(CascadeRows, partial_results_merge_to_the_whole_and_candidates_are_computed_alike) {
  const CascadeWorld& world = CascadeWorld::get();
  const LayerRows rows = shown(world.pieces, 3, world.documents[0]);
  const auto part = [&](std::int64_t from, std::int64_t count) {
    return partial_result(rows.scoring, rows.query[9], rows.key.narrow(0, from, count),
                          rows.value.narrow(0, from, count));
  };
  const PartialResult whole = part(0, 10), a = part(0, 4), b = part(4, 6);
  const at::Tensor m = at::max(a.m, b.m), wa = (a.m - m).exp(), wb = (b.m - m).exp();
  const PartialResult merged{m, wa * a.e + wb * b.e, wa.unsqueeze(1) * a.u + wb.unsqueeze(1) * b.u};
  EXPECT_LT(relative_distance(told(merged), told(whole)).item<double>(), 1e-6);
  const CandidateRows one{rows.scoring,
                          rows.query.narrow(0, 9, 1),
                          rows.key.narrow(0, 0, 8),
                          rows.value.narrow(0, 0, 8),
                          rows.key.narrow(0, 8, 2).unsqueeze(0),
                          rows.value.narrow(0, 8, 2).unsqueeze(0)};
  EXPECT_LT(relative_distance(told(one), told(whole)).item<double>(), 1e-6);
}

// Every g-th token visible.
Positions every(int gap, std::size_t tokens) {
  Positions p;
  for (int i = 0; i < static_cast<int>(tokens); i += gap) p.push_back(i);
  return p;
}

TEST(CascadeHoles, rows_of_every_kind_give_neighbours_away_and_wider_gaps_cost_more) {
  const CascadeWorld& world = CascadeWorld::get();
  const std::vector<Token>& ids = world.documents[1];
  for (const RowKind kind : {RowKind::hidden, RowKind::query, RowKind::key_value}) {
    const LayerRows rows = shown(world.pieces, 1, ids);
    const SearchLimits limits{1, tolerance_of(world.pieces, kind, 1, world.own_texts), 4096};
    EXPECT_LT(limits.tolerance, 1e-4);
    std::array<double, 2> each{};
    for (const int gap : {1, 2}) {
      const Reading r = read_over_holes(world.pieces, {ids, rows}, kind, every(gap, ids.size()),
                                        gap > 1 ? Own::known : Own::unknown, limits, never_stop);
      each[static_cast<std::size_t>(gap - 1)] = static_cast<double>(r.passes) / r.searches;
      if (gap == 1) {
        EXPECT_EQ(r.tokens, ids) << name_of(kind);
      }
      EXPECT_GT(r.found, r.searches / 2) << name_of(kind) << gap;
    }
    EXPECT_GT(each[1], each[0]) << name_of(kind);
  }
}

// The published cost is the vocabulary to the power of the gap: here holes of two tokens cost a few
// vocabularies.
TEST(CascadeHoles, one_token_at_a_time_bridges_what_the_models_order_does_not) {
  const CascadeWorld& world = CascadeWorld::get();
  const double vocabulary = world.pieces.config().vocabulary;
  SearchLimits limits{1, tolerance_of(world.pieces, RowKind::hidden, 1, world.own_texts), 512};
  std::array<int, 2> found{};
  int holes = 0;
  std::uint64_t passes = 0;
  for (const auto& ids : std::span(world.documents).first(2)) {
    const LayerRows rows = shown(world.pieces, 1, ids);
    for (const int sweeps : {0, 2}) {
      limits.sweeps = sweeps;
      const Reading r = read_over_holes(world.pieces, {ids, rows}, RowKind::hidden, every(3, ids.size()),
                                        Own::known, limits, never_stop);
      found[sweeps > 0] += r.found;
      if (sweeps) holes += r.searches, passes += r.passes;
    }
  }
  std::printf("%d and %d of %d holes, %.0f forwards a hole\n", found[0], found[1], holes,
              static_cast<double>(passes) / holes);
  EXPECT_EQ(found[0], 0);
  EXPECT_GT(found[1], holes / 2);
  EXPECT_LT(static_cast<double>(passes) / holes, vocabulary * vocabulary / 50);
}

TEST(CascadeHoles, a_search_keeps_to_its_budget_and_says_when_it_found_nothing) {
  const CascadeWorld& world = CascadeWorld::get();
  const std::vector<Token>& ids = world.documents[1];
  HoleSearch search(world.pieces, 1, ids.front());
  const std::vector<Step> steps(3);
  const Judge never = [](const at::Tensor& hidden) { return at::ones({hidden.size(0)}); };
  const Bridge b = search.bridge(steps, never, 0.5, 300, never_stop);
  EXPECT_FALSE(b.found);
  EXPECT_EQ(b.passes, 300u);
  EXPECT_EQ(b.tokens.size(), 3u);
  EXPECT_EQ(search.accepted(), 1);
  EXPECT_EQ(search.continuation(3).size(), 3u);
}

// Single tokens: the k-th tried is the model's k-th.
TEST(CascadeHoles, candidates_come_in_the_models_order) {
  const CascadeWorld& world = CascadeWorld::get();
  const std::vector<Token>& ids = world.documents[0];
  const int layers = world.pieces.config().layers;
  Session session(world.pieces, layers);
  session.begin(chain(1));
  const at::Tensor order =
      world.pieces.logits(session.through(world.pieces.embed(std::span(ids).first(1)), 0, layers))[0].argsort(
          0, /*descending=*/true);
  HoleSearch search(world.pieces, 0, ids.front());
  std::vector<at::Tensor> tried;
  search.bridge(
      std::vector<Step>(1),
      [&](const at::Tensor& hidden) {
        tried.push_back(hidden.select(1, 0));
        return at::ones({hidden.size(0)});
      },
      0, 50, never_stop);
  const at::Tensor rows = at::cat(tried);
  ASSERT_EQ(rows.size(0), 50);
  for (std::int64_t i = 0; i < 50; ++i) {
    const auto token = static_cast<Token>(order[i].item<std::int64_t>());
    EXPECT_TRUE(at::equal(rows[i], world.pieces.embed(std::span(&token, 1))[0])) << i;
  }
}

TEST(CascadeHoles, tokens_looked_up_in_a_table_make_the_search_one_of_the_hole_alone) {
  const CascadeWorld& world = CascadeWorld::get();
  const std::vector<Token>& ids = world.documents[1];
  const RowTable table(world.pieces, 1, ids.front());
  const LayerRows rows = shown(world.pieces, 1, ids);
  const SearchLimits limits{1, tolerance_of(world.pieces, RowKind::hidden, 1, world.own_texts), 4096};
  const auto read = [&](Own own) {
    return read_over_holes(world.pieces, {ids, rows}, RowKind::hidden, every(2, ids.size()), own, limits,
                           never_stop, &table);
  };
  const Reading looked_up = read(Own::looked_up), unknown = read(Own::unknown);
  EXPECT_GT(looked_up.found, unknown.found);
  EXPECT_LT(looked_up.passes, unknown.passes);
}

TEST(CascadeHoles, known_tokens_on_the_way_are_kept) {
  const CascadeWorld& world = CascadeWorld::get();
  HoleSearch search(world.pieces, 1, world.documents[0].front());
  const std::vector<Step> steps{{}, {77}};
  std::size_t judged = 0;
  const Bridge b = search.bridge(
      steps,
      [&](const at::Tensor& hidden) {
        judged += static_cast<std::size_t>(hidden.size(0));
        EXPECT_EQ(hidden.size(1), 2);
        return at::ones({hidden.size(0)});
      },
      0, 1000, never_stop);
  EXPECT_EQ(b.tokens.back(), 77);
  EXPECT_GT(judged, 30u);  // after first tokens that it suits, though the model expects it nowhere
}

}  // namespace
}  // namespace splitwan::tests
