#include "model/ask/cascade_projection.hh"

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

constexpr std::uint32_t followed = 6;  // steps, the first two to open the windows

std::vector<std::string> warnings_of(const CascadeModel& m, const ShardPoint& p) {
  std::vector<std::string> all;
  const auto outside = [&](const char* what, double value, const Range& range) {
    if (!range.holds(value)) all.push_back(fmt::format("{} outside what was fitted", what));
  };
  outside("the round trip lies", p.condition.rtt_s, m.rtt_s);
  outside("the rate up lies", p.condition.up_bps, m.up_bps);
  outside("the rate down lies", p.condition.down_bps, m.down_bps);
  if (p.terms.sharding.alpha < *m.alphas.begin() || p.terms.sharding.alpha > *m.alphas.rbegin())
    all.push_back(fmt::format("{} shards lie outside what was fitted", p.terms.sharding.alpha));
  return all;
}

}  // namespace

ShardPoint project(const CascadeModel& m, int alpha, int cluster, const Condition& condition,
                   const ShardShape& shape) {
  const std::string where = "fitted_on";
  if (!m.source.contains("geometry") || !m.source.contains("plan") || !m.source.contains("wire"))
    throw engine::Error("{}: expected geometry, plan and wire", where);
  Json terms = m.source.value("cascade", Json::object());
  terms["alpha"] = alpha;
  terms["cluster"] = cluster;
  ShardPoint point{engine::shard_terms_of(terms, where + ": cascade"), condition, shape, {}};
  ShardedRun run;
  run.terms = point.terms;
  const Json& plan = m.source["plan"];
  const int first = plan.value("head", 0);
  run.widths = engine::shard_widths_of(m.source["geometry"], {first, first + plan.value("middle", 0)}, where);
  run.wire = m.source["wire"].get<std::string>();
  run.condition = run.inner = condition;
  std::vector<std::uint32_t> depths = engine::chain_depths(shape.rows);
  for (std::uint32_t& depth : depths) depth %= shape.levels;
  const bool chain = shape.levels >= shape.rows;
  const auto kept = static_cast<std::uint32_t>(std::max(1.0, std::floor(shape.tokens_per_step)));
  std::uint32_t context = 0;
  ShardedStep& prompt = run.steps.emplace_back(ShardedStep{true, m.prompt_rows});
  for (; context < m.prompt_rows; context += static_cast<std::uint32_t>(prompt.batches.back().depths.size()))
    prompt.batches.push_back({context, engine::chain_depths(std::min<std::uint32_t>(
                                           engine::prefill_rows, m.prompt_rows - context))});
  for (std::uint32_t i = 0; i < followed; ++i, context += kept)
    run.steps.push_back({false, shape.rows, kept, 0, 0, 0, {{context, depths, chain}}});
  const auto trails = m.predict(run);
  constexpr std::uint32_t opening = 3;  // the prompt and two steps
  for (std::size_t i = opening; i < trails.size(); ++i)
    point.step.add(trails[i], 1.0 / static_cast<double>(trails.size() - opening));
  std::vector<std::uint32_t> positions;
  positions.reserve(depths.size());
  for (const std::uint32_t depth : depths) positions.push_back(context + depth);
  const engine::ShardBytes bytes = step_bytes(run.terms, run.widths, run.wire, positions);
  point.hops = bytes.hops;
  point.bytes = bytes.inner().payload;
  point.client_bytes = bytes.client().payload;
  point.warnings = warnings_of(m, point);
  return point;
}

Json to_json(const ShardPoint& p) {
  Json j = to_json(p.terms);
  j["nodes"] = p.terms.sharding.nodes();
  j.update(link_json(p.condition));
  j["drafter"] = p.shape.drafter;
  j["rows"] = p.shape.rows;
  j["tokens_per_s"] = p.tokens_per_s();
  j["tokens_per_step"] = p.shape.tokens_per_step;
  j["step_s"] = p.step.total_s();
  j["hops"] = p.hops;
  j["payload_bytes"] = p.bytes;
  j["client_payload_bytes"] = p.client_bytes;
  j["critical"] = {{"client_s", p.step.client_s},
                   {"comp_s", p.step.comp_s},
                   {"attn_s", p.step.attn_s},
                   {"merge_s", p.step.merge_s},
                   {"network_s", p.step.network_s}};
  j["warnings"] = p.warnings;
  return j;
}

}  // namespace splitwan::model
