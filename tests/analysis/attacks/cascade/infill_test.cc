// What one node's rows tell a network that learned to name all tokens, against what it names without them.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "analysis/attacks/cascade/infill.hh"
#include "tests/fixtures/attacks/attacked_model.hh"

namespace splitwan::tests {
namespace {

using namespace attacks;
using engine::Json, engine::ShardRole, engine::Sharding, engine::ShardParty;
using testing::HasSubstr;

const Stop never_stopped = [] { return false; };
constexpr int positions = 24;

// The demo model and texts of its own that no attacker is taught with. Made once a process.
struct InfillWorld {
  Pieces pieces{SPLITWAN_SOURCE_DIR "/scenarios/demo-model"};
  std::vector<Text> documents = sample_texts(pieces, 70'000, 24, positions, 99);
  InfillOptions options{.texts = 256, .tokens = positions, .epochs = 4, .batch = 16};

  static const InfillWorld& get() {
    static const InfillWorld world;
    return world;
  }
  std::vector<Json> rows(std::span<const InfillView> views, int threads = 2) const {
    Workers workers(threads, never_stopped, [](double, double, const std::string&) {});
    return infill(pieces, documents, views, options, workers);
  }
};

const InfillView comp{{.alpha = 4}, {ShardRole::comp, 1, 1}, 1},
    attn{{.alpha = 4}, {ShardRole::attn, 1, 3}, 1};

double low(const Json& share) { return share["top1_ci90"][0]; }
double high(const Json& share) { return share["top1_ci90"][1]; }

Json without_seconds(Json row) {
  row.erase("seconds");
  for (Json& control : row["controls"]) control.erase("seconds");
  return row;
}

TEST(Infill, rows_that_a_node_sees_tell_more_than_none_and_all_of_them_more_than_its_own) {
  const std::vector views{comp, attn};
  const auto rows = InfillWorld::get().rows(views);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["node"], "comp:1");
  EXPECT_EQ(rows[1]["node"], "attn:1,3");
  for (const Json& row : rows) {
    SCOPED_TRACE(row["node"]);
    const Json& controls = row["controls"];
    EXPECT_GT(low(row["seen"]), high(controls["no_rows"]["seen"]));
    EXPECT_GT(low(row["seen"]), high(row["unseen"]));
    EXPECT_GT(low(controls["all_rows"]["unseen"]), high(row["unseen"]));
    EXPECT_GT(low(row), high(controls["no_rows"]));
    EXPECT_GT(row["rouge_l"], controls["no_rows"]["rouge_l"]);
    for (const char* blind : {"unigram", "greedy_text"}) EXPECT_GT(low(row), high(controls[blind])) << blind;
    // Each of 256 texts four times; written once and run through the layer once.
    EXPECT_EQ(row["pairs"], 4 * 256 * positions);
    EXPECT_EQ(row["forward_passes"], 2 * 256 * positions);
    EXPECT_EQ(controls["no_rows"]["forward_passes"], 256 * positions);
    // Nobody is asked for the first token.
    EXPECT_EQ(row["tokens"], 24 * (positions - 1));
    EXPECT_EQ(row["seen"]["tokens"].get<int>() + row["unseen"]["tokens"].get<int>(), 24 * (positions - 1));
  }
  EXPECT_EQ(rows[0]["seen"]["tokens"], 24 * positions / 4);
  EXPECT_EQ(rows[1]["seen"]["tokens"], 24 * positions / 2);
  // Two shards of four are seen: of more tokens in all.
  EXPECT_GT(low(rows[1]), high(rows[0]));
}

TEST(Infill, the_same_seed_gives_the_same_digits_on_any_number_of_threads) {
  InfillWorld world;
  world.options.texts = 64, world.options.epochs = 1;
  const std::vector views{comp};
  const Json two = world.rows(views, 2).front(), one = world.rows(views, 1).front();
  EXPECT_EQ(without_seconds(one).dump(), without_seconds(two).dump());
  world.options.seed = 2;
  EXPECT_NE(without_seconds(world.rows(views).front()).dump(), without_seconds(two).dump());
}

TEST(InfillRows, positions_of_a_shard_begin_again_every_alpha_clusters) {
  const auto of = [](const at::Tensor& mask) {
    std::vector<int> seen;
    for (int t = 0; t < mask.size(0); ++t)
      if (mask[t].item<float>() > 0) seen.push_back(t);
    return seen;
  };
  const Sharding sharding{.alpha = 3, .cluster = 2};
  const auto own = visible_positions(sharding, {ShardRole::comp, 1, 1}, 11);
  ASSERT_EQ(own.size(), 1u);
  EXPECT_THAT(of(own[0]), testing::ElementsAre(2, 3, 8, 9));
  const auto pair = visible_positions(sharding, {ShardRole::attn, 2, 0}, 11);
  ASSERT_EQ(pair.size(), 2u);
  EXPECT_THAT(of(pair[0]), testing::ElementsAre(4, 5, 10));
  EXPECT_THAT(of(pair[1]), testing::ElementsAre(0, 1, 6, 7));
}

TEST(InfillRows, the_usual_views_are_those_of_the_smallest_holes) {
  std::vector<std::string> labels;
  for (const InfillView& v : infill_views({.alpha = 4, .cluster = 3}, 12)) labels.push_back(v.label());
  EXPECT_THAT(labels, testing::ElementsAre("comp:3 of alpha 4, cluster 3, layer 1",
                                           "attn:1,3 of alpha 4, cluster 3, layer 1",
                                           "comp:3 of alpha 4, cluster 3, layer 6",
                                           "attn:1,3 of alpha 4, cluster 3, layer 6"));
  int compared = 0;
  for (const int alpha : {3, 4, 6, 8}) {
    for (const int cluster : {1, 2, 3}) {
      const InfillView view = infill_views({alpha, cluster, false}, 12)[1];
      const auto masks = visible_positions(view.sharding, view.node, 4 * alpha * cluster);
      int last = -1, widest = 0;
      for (int t = 0; t < masks[0].size(0); ++t) {
        if (masks[0][t].item<float>() + masks[1][t].item<float>() == 0) continue;
        if (last >= 0) widest = std::max(widest, t - last);
        last = t;
      }
      EXPECT_EQ(widest, ((alpha + 1) / 2 - 1) * cluster + 1) << alpha << ", " << cluster;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 12);
}

TEST(InfillRows, rows_that_a_node_does_not_see_change_nothing_that_it_is_shown) {
  const Pieces& pieces = InfillWorld::get().pieces;
  const int width = pieces.config().width, tokens = 9;
  for (const ShardParty node : {ShardParty{ShardRole::comp, 1, 1}, ShardParty{ShardRole::attn, 0, 2}}) {
    const auto visible = visible_positions({.alpha = 3}, node, tokens);
    const auto layout_of = [&](const at::Tensor& hidden) {
      const auto rows = rows_of_role(pieces, node.role, 2, hidden);
      std::vector<InfillPart> parts;
      for (std::size_t i = 0; i < rows.size(); ++i) parts.push_back({rows[i], visible[i]});
      const InfillLayout layout(parts);
      EXPECT_EQ(layout.width(), layout(rows, tokens).size(1));
      return layout(rows, tokens);
    };
    const at::Tensor hidden = at::empty({4 * tokens, width}).normal_(0, 1, generator_of(5, 1));
    const at::Tensor shown = layout_of(hidden);
    int hidden_rows = 0, seen_rows = 0;
    for (int t = 0; t < tokens; ++t) {
      at::Tensor changed = hidden.clone();
      changed[tokens + t] += 1;  // in the second text
      bool seen = false;
      for (const at::Tensor& mask : visible) seen = seen || mask[t].item<float>() > 0;
      EXPECT_EQ(at::equal(layout_of(changed), shown), !seen) << name_of(node) << ", position " << t;
      ++(seen ? seen_rows : hidden_rows);
    }
    EXPECT_EQ(seen_rows, node.role == ShardRole::comp ? 3 : 6);
    EXPECT_EQ(hidden_rows, tokens - seen_rows);
  }
}

TEST(InfillRows, queries_keys_and_values_are_those_that_the_layers_compute) {
  // Against the attention of exam/smooth.hh, which turns them by their position: values as they are, keys
  // turned; position 0 is not turned.
  const Pieces& pieces = InfillWorld::get().pieces;
  const auto& c = pieces.config();
  const at::Tensor hidden = at::empty({1, c.width}).normal_(0, 1, generator_of(5, 2));
  const auto rows = rows_of_role(pieces, ShardRole::attn, 3, hidden);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].size(1), c.q_width());
  Past past;
  forward(c, pieces.smooth().layers[3], hidden, {}, &past);
  const at::Tensor keys = past.keys.transpose(0, 1).flatten(1),
                   values = past.values.transpose(0, 1).flatten(1);
  EXPECT_LT((rows[1] - at::cat({keys, values}, 1)).abs().max().item<float>(), 1e-5);
}

TEST(Infill, refuses_by_name) {
  InfillWorld world;
  const auto says = [&](const InfillView& view, const InfillOptions& options) {
    world.options = options;
    const std::vector views{view};
    return error_of([&] { world.rows(views); });
  };
  InfillView deep = comp, client = comp;
  deep.layer = 12, client.node = {};
  InfillOptions brief = world.options;
  EXPECT_EQ(says(deep, brief), "layer: expected 0 to 11, found 12");
  EXPECT_EQ(says(client, brief), "node: expected comp or attn, found client");
  brief.tokens = 8;
  EXPECT_THAT(says(comp, brief), HasSubstr("document 0: expected 2 to 8 tokens, found 24"));
}

}  // namespace
}  // namespace splitwan::tests
