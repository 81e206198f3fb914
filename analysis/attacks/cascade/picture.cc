#include "analysis/attacks/cascade/picture.hh"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.hh"

namespace splitwan::attacks {

using engine::ShardRole;

namespace {

Json or_null(const std::optional<int>& x) { return x ? Json(*x) : Json(); }

Json view_json(const CascadeCase& c, const NodeView& v) {
  Json histogram = Json::array();
  for (const auto& [gap, count] : v.gaps.histogram) histogram.push_back({{"gap", gap}, {"count", count}});
  return {{"node", engine::name_of(v.party)},
          {"hidden_rows", v.hidden.size()},
          {"query_rows", v.queries.size()},
          {"key_rows", v.keys.size()},
          {"partial_queries", v.partials.size()},
          {"positions", v.visible},
          {"largest_gap", or_null(v.gaps.largest)},
          {"largest_inner_gap", or_null(v.gaps.largest_inner)},
          {"smallest_inner_gap", or_null(v.gaps.smallest_inner)},
          {"hidden_tail", v.gaps.hidden_tail},
          {"gaps", histogram},
          {"partials_gap", or_null(partials_gap(c.sharding, v, c.tokens))},
          {"layer_0_rows", c.head_layers == 0 && !v.visible.empty()}};
}

Json pair_json(const ShardPair& p) {
  return {{"node", engine::name_of({ShardRole::attn, p.queries, p.keys})}, {"gap", or_null(p.gap)}};
}

// `partials`: the gap of the partial results that come to them.
Json coalition_json(const char* of, int nodes, const Coalition& c, const Json& partials) {
  return {{"of", of},
          {"nodes", nodes},
          {"shards", c.shards},
          {"hole_gap", or_null(c.hole_gap)},
          {"inside_gap", or_null(c.inside_gap)},
          {"partials_gap", partials}};
}

Json few_json(const FewKeys& f) { return {{"count", f.count}, {"secret", f.secret}, {"tokens", f.exposed}}; }

}  // namespace

void check(const CascadeCase& c) {
  const auto at_least = [](const char* option, int value, int least) {
    if (value < least) throw engine::Error("{}: expected {} or more, found {}", option, least, value);
  };
  at_least("--alpha", c.sharding.alpha, 2);
  at_least("--cluster", c.sharding.cluster, 1);
  at_least("--tokens", c.tokens, 2);
  at_least("--public-prefix", c.public_prefix, 0);
  at_least("--head-layers", c.head_layers, 0);
  at_least("--tail-layers", c.tail_layers, 0);
  at_least("--collude", c.collude, 1);
  if (c.sharding.alpha > 64) throw engine::Error("--alpha: expected 64 or less, found {}", c.sharding.alpha);
  if (const int prefix = prefix_tokens(c.sharding, c.public_prefix); prefix >= c.tokens)
    throw engine::Error("--public-prefix: {} tokens are public, expected fewer than the {} of --tokens",
                        prefix, c.tokens);
}

Coalition worst_view(const CascadeCase& c) {
  return worst_coalition(c.sharding, ShardRole::attn, c.collude, c.tokens);
}

Json picture_of(const CascadeCase& c) {
  check(c);
  const engine::Sharding& s = c.sharding;
  const Coalition worst = worst_view(c);
  Json out = {{"cascade",
               {{"alpha", s.alpha},
                {"cluster", s.cluster},
                {"merge", s.aggregator ? "aggregator" : "compnode"},
                {"nodes", s.nodes()},
                {"stride", s.stride()},
                {"hole", s.hole()},
                {"tokens", c.tokens},
                {"prefix_tokens", prefix_tokens(s, c.public_prefix)},
                {"head_layers", c.head_layers},
                {"tail_layers", c.tail_layers},
                {"collude", c.collude}}},
              {"hole_gap", or_null(worst.hole_gap)},
              {"inside_gap", or_null(worst.inside_gap)},
              {"views", Json::array()},
              {"worst_pair", pair_json(worst_pair(s, c.tokens))},
              {"best_pair", pair_json(best_pair(s, c.tokens))},
              {"coalitions", Json::array()}};
  std::optional<int> partials;
  for (const NodeView& v : node_views(s, c.tokens)) {
    out["views"].push_back(view_json(c, v));
    const auto gap = partials_gap(s, v, c.tokens);
    if (gap) partials = std::min(partials.value_or(*gap), *gap);
  }
  out["partials_gap"] = or_null(partials);
  for (int nodes = 1; nodes <= c.collude; ++nodes) {
    Json& all = out["coalitions"];
    if (nodes <= s.alpha)
      all.push_back(coalition_json("comp", nodes, worst_coalition(s, ShardRole::comp, nodes, c.tokens),
                                   s.aggregator ? Json() : out["partials_gap"]));
    const Coalition attn = worst_coalition(s, ShardRole::attn, nodes, c.tokens);
    all.push_back(coalition_json("attn", nodes, attn, Json()));
    if (s.aggregator) all.push_back(coalition_json("merge, attn", nodes, attn, out["partials_gap"]));
  }
  const Partials few = partials_of(s, c.tokens);
  const int prefix = prefix_tokens(s, c.public_prefix);
  out["few_keys"] = {{"to", s.aggregator ? "merge" : "comp"},
                     {"partials", few.all},
                     {"filled", few.filled},
                     {"one_key", few_json(count_few(few, 1, prefix))},
                     {"two_keys", few_json(count_few(few, 2, prefix))}};
  return out;
}

}  // namespace splitwan::attacks
