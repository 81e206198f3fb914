// What fit says of sharded tokens.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/json_table.hh"
#include "scenarios/commands/plain/model_tables.hh"

namespace splitwan::scenarios {
namespace {

std::string times(const std::string& name, const model::WorkTable& table) {
  if (table.by_rows.empty()) return "";
  const auto& [least, first] = *table.by_rows.begin();
  const auto& [most, last] = *table.by_rows.rbegin();
  return fmt::format("  {:<18} {:>6g} {:>10.4f} {:>6g} {:>10.4f} {:>12.3f}\n", name, least, first * 1e3, most,
                     last * 1e3, table.per_key_s * 1e9);
}

std::string percents(const engine::Json& v) {
  return fmt::format(" {:>7} {:>7}", engine::number_cell(v["median"], 100, 2),
                     engine::number_cell(v["worst"], 100, 2));
}

}  // namespace

std::string cascade_table(const model::CascadeModel& m) {
  std::string out = fmt::format(
      "sharded tokens, {} runs, {} steps; shards {}, clusters {}\n\n  {:<18} {:>6} {:>10} {:>6} {:>10} "
      "{:>12}\n",
      m.runs, m.steps, fmt::join(m.alphas, ", "), fmt::join(m.clusters, ", "), "a job", "rows", "ms", "rows",
      "ms", "ns per key");
  for (std::size_t kind = 0; kind < model::node_works; ++kind)
    out += times("node, " + model::name_of(static_cast<model::NodeWork>(kind)), m.node[kind]);
  out +=
      times("client, before", m.lead) + times("client, after", m.tail) + times("client, guessing", m.draft);
  if (!m.validation.contains("folds")) return out;
  out += fmt::format("\n{:<26} {:<24} {:<16} {:<16} {:<16}\n{:<26} {:>7} {:>7} {:>7}", "held out",
                     "error of the step, %", "RTT", "bytes/rate", "linear", "", "median", "worst", "cells");
  for (int i = 0; i < 3; ++i) out += fmt::format(" {:>7} {:>7}", "median", "worst");
  out += "\n";
  for (const auto& [key, title] : {std::pair{"rtt", "each RTT"},
                                   {"alpha", "each inner alpha"},
                                   {"alpha_outer", "least and largest alpha"}}) {
    const engine::Json& fold = m.validation["folds"][key];
    if (fold["n"] == 0) continue;
    out += fmt::format("  {:<24}{} {:>7}", title, percents(fold), fold["n"].dump());
    for (const char* simpler : {"rtt", "rtt_bytes", "linear"}) out += percents(fold["baselines"][simpler]);
    out += "\n";
  }
  return out;
}

std::string sharded_projection_table(const std::vector<model::ShardPoint>& points) {
  std::string out =
      "shards nodes link                         drafter      rows tokens/s    step ms  hops  payload MB  "
      "ms: client    comp    attn  network\n";
  for (const model::ShardPoint& p : points) {
    const auto milli = [](double s) { return fmt::format("{:.2f}", s * 1e3); };
    out += fmt::format(
        "{:<6} {:<5} {:<28} {:<12} {:>4} {:>8.2f} {:>10} {:>5} {:>11.4f} {:>11} {:>7} {:>7} {:>8}{}\n",
        fmt::format("{}x{}", p.terms.sharding.alpha, p.terms.sharding.cluster), p.terms.sharding.nodes(),
        label(p.condition), p.shape.drafter, p.shape.rows, p.tokens_per_s(), milli(p.step.total_s()), p.hops,
        static_cast<double>(p.bytes) / 1e6, milli(p.step.client_s), milli(p.step.comp_s),
        milli(p.step.attn_s + p.step.merge_s), milli(p.step.network_s),
        p.warnings.empty() ? "" : fmt::format("  {}", fmt::join(p.warnings, ", ")));
  }
  return out;
}

}  // namespace splitwan::scenarios
