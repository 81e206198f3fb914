// Runs with sharded tokens: bytes beside their closed form, hops, and what the steps waited for.
#include "analysis/summary/critical_path.hh"
#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/party/roles.hh"
#include "engine/wire/wire.hh"
#include "model/observe/sharded.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using engine::Op;
using engine::Span;

// Of a kind of steps.
struct TripSums {
  double steps = 0, rows = 0, tokens = 0, total_s = 0;
  double inner = 0, client = 0;                      // bytes on the wire
  double formula = 0, formula_client = 0, hops = 0;  // as the closed forms say, headers and lists included
  CriticalPath path;

  Json per_step(double sum) const { return ratio(sum, steps); }
  void write(Json& j, bool nodes, bool whole) const {
    const auto by = [&](engine::ShardRole role) {
      const auto it = path.work_s.find(role);
      return nodes ? per_step(it == path.work_s.end() ? 0 : it->second) : Json();
    };
    j["rows_per_step"] = per_step(rows);
    j["step_s"] = per_step(total_s);
    j["bytes"] = nodes ? per_step(inner) : Json();
    j["formula_bytes"] = per_step(formula);
    j["client_bytes"] = per_step(client);
    j["formula_client_bytes"] = per_step(formula_client);
    j["hops"] = whole ? per_step(path.hops) : Json();
    j["formula_hops"] = per_step(hops);
    j["critical"] = {{"client_s", by(engine::ShardRole::client)},
                     {"comp_s", by(engine::ShardRole::comp)},
                     {"attn_s", by(engine::ShardRole::attn)},
                     {"merge_s", by(engine::ShardRole::merge)},
                     {"network_s", nodes ? per_step(path.network_s) : Json()},
                     {"idle_s", nodes ? per_step(path.idle_s) : Json()}};
  }
};

// Closed forms of a step: payload, and 64 bytes and the lists of each message.
void add_formula(TripSums& sums, const model::ShardedRun& run, const model::ShardedStep& step,
                 engine::ShardSession& session) {
  for (const model::ShardedBatch& b : step.batches) {
    std::vector<std::uint32_t> positions;
    for (const std::uint32_t depth : b.depths) positions.push_back(session.context() + depth);
    const engine::ShardBytes bytes = step_bytes(run.terms, run.widths, run.wire, positions);
    const auto with_headers = [](const engine::Carried& c) {
      return static_cast<double>(c.payload + engine::prefix_size * c.messages);
    };
    sums.formula += with_headers(bytes.inner());
    sums.formula_client += with_headers(bytes.client());
    for (const engine::ShardMessage& m : session.add(1, b.depths, b.chain).messages)
      (m.from == 0 || m.to == 0 ? sums.formula_client : sums.formula) += 4.0 * m.lists;
    session.commit(step.prefill ? static_cast<std::uint32_t>(b.depths.size()) : step.accepted);
    sums.hops = sums.hops + static_cast<double>(bytes.hops) / static_cast<double>(step.batches.size());
  }
}

Json parties_of(const engine::Run& run, const engine::Sharding& s, double steps) {
  struct PartySum {
    double work_s = 0, sent = 0;
  };
  std::map<engine::PartyId, PartySum> sums;
  for (const Span& span : run.spans) {
    if (span.step < 2) continue;  // the prompt
    if (span.op == Op::work) sums[span.party].work_s += engine::seconds(span.end - span.begin);
    if (span.op == Op::send) sums[span.party].sent += static_cast<double>(span.bytes);
  }
  Json list = Json::array();
  for (const auto& [party, sum] : sums)
    list.push_back({{"party", name_of(s.party(party))},
                    {"work_s", ratio(sum.work_s, steps)},
                    {"bytes_sent", ratio(sum.sent, steps)}});
  return list;
}

Json cell_of(const engine::Run& run, const model::ShardedRun& sharded) {
  const engine::Sharding& s = sharded.terms.sharding;
  const PathFinder finder(run, s);
  std::map<std::uint64_t, TripSums*> of;
  TripSums prompt, decode;
  engine::ShardSession session(sharded.terms, sharded.widths, sharded.wire);
  for (std::size_t i = 0; i < run.steps.size(); ++i) {
    const engine::Step& step = run.steps[i];
    TripSums& sums = step.prefill ? prompt : decode;
    of[step.step] = &sums;
    ++sums.steps;
    sums.rows += step.rows;
    sums.tokens += step.accepted;
    sums.total_s += engine::seconds(step.end - step.begin);
    if (finder.has_nodes()) sums.path.add(finder.of(step));
    add_formula(sums, sharded, sharded.steps[i], session);
  }
  for (const Span& span : run.spans) {
    const auto it = of.find(span.step);
    if (span.op != Op::send || it == of.end()) continue;
    const bool client = span.party == engine::roles::client || span.peer == engine::roles::client;
    (client ? it->second->client : it->second->inner) += static_cast<double>(span.bytes);
  }
  Json cell = to_json(sharded.terms);
  cell["nodes"] = s.nodes();
  cell["drafter"] = sharded.drafter;
  cell["wire"] = sharded.wire;
  cell["geometry"] = run.header.geometry;
  cell.update(model::to_json(sharded.condition));
  if (sharded.inner != sharded.condition) cell["inner"] = model::link_json(sharded.inner);
  cell["tokens_per_s"] = ratio(decode.tokens, decode.total_s);
  const bool nodes = finder.has_nodes();
  decode.write(cell, nodes, nodes);
  Json& first = cell["prompt"] = {{"tokens", prompt.rows}};
  prompt.write(first, nodes, nodes && sharded.steps[0].batches.size() == 1);
  cell["parties"] = parties_of(run, s, decode.steps);
  return cell;
}

}  // namespace

Json cascade_summary(const model::Study& study) {
  Json j = {{"schema_version", summary_schema_version}, {"kind", "cascade"}, {"cells", Json::array()}};
  const auto all = model::observe_sharded(study.runs);
  if (all.empty()) throw engine::Error("summary \"cascade\": no run has its tokens sharded");
  for (const model::ShardedRun& sharded : all) {
    const engine::Run& run = study.runs[sharded.run];
    Json cell = cell_of(run, sharded);
    const Json& published = run.header.published;
    if (published.is_object() && published.contains("smpc")) {
      cell["model"] = published.value("model", "");
      cell["published"] = published;
      const Json bytes = cell["prompt"]["bytes"];
      for (const auto& [system, figures] : published["smpc"].items()) {
        if (figures.is_object() && figures.contains("bytes") && bytes.is_number())
          cell["smpc_over_ours"][system] = figures["bytes"].get<double>() / bytes.get<double>();
      }
    }
    j["cells"].push_back(std::move(cell));
  }
  return j;
}

}  // namespace splitwan::analysis
