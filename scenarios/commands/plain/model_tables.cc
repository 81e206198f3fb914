#include "scenarios/commands/plain/model_tables.hh"

#include <fmt/format.h>

#include <cmath>

#include "analysis/report/validation_remarks.hh"
#include "engine/base/json_table.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

std::string coefficient(const std::string& name, const model::Coefficient& c, double scale) {
  const std::string error = std::isnan(c.error) ? "-" : fmt::format("{:.4f}", c.error * scale);
  return fmt::format("  {:<40} {:>12.4f} {:>10}\n", name, c.value * scale, error);
}

std::string work(const std::string& who, const model::WorkCost& w) {
  return coefficient(who + ", fixed", w.fixed_s, 1e3) + coefficient(who + ", per row", w.per_row_s, 1e3) +
         coefficient(who + ", per row and 1000 tokens of context", w.per_row_context_s, 1e6);
}

std::string percent(const Json& v) { return engine::number_cell(v, 100, 2); }

// Simpler formulas, as the columns of a table have them (model/judge/baseline.hh).
constexpr std::pair<const char*, const char*> simpler[] = {{"published", "published"},
                                                           {"rtt", "RTT"},
                                                           {"rtt_bytes", "bytes/rate"},
                                                           {"linear", "linear"},
                                                           {"nearest", "nearest"}};

std::string pair_of(const Json& sizes) {
  return fmt::format(" {:>7} {:>7}", percent(sizes["median"]), percent(sizes["worst"]));
}

std::string heading(const char* first, const char* what) {
  std::string names = fmt::format("\n{:<26} {:<24}", first, what),
              columns = fmt::format("{:<26} {:>7} {:>7} {:>7}", "", "median", "worst", "cells");
  for (const auto& [key, name] : simpler) {
    names += fmt::format(" {:<16}", name);
    columns += fmt::format("  {:>7} {:>7}", "median", "worst");
  }
  return names + "\n" + columns + "\n";
}

std::string row(const std::string& name, const Json& v, const Json& baselines) {
  if (v.contains("note")) return fmt::format("  {:<24} {}\n", name, v["note"].get<std::string>());
  std::string out = fmt::format("  {:<24}{} {:>7}", name, pair_of(v), v["n"].dump());
  for (const auto& [key, title] : simpler)
    out += baselines.contains(key) ? " " + pair_of(baselines[key]) : std::string();
  return out + "\n";
}

std::string checks(const Json& v) {
  std::string out = "\n";
  if (!v["coverage_90"].is_null())
    out += fmt::format("90 % intervals held {} % of {} runs on conditions and prompts held out\n",
                       percent(v["coverage_90"]), v["coverage_runs"]["all"]["runs"].dump());
  for (const Json& t : v["acceptance_test"]) {
    if (t["p_value"].is_null()) continue;  // nothing to compare
    out += fmt::format("tokens per step of {} do{} depend on the round-trip time (p = {:.3g})\n",
                       t["drafter"].get<std::string>(), t["independent_of_rtt"] == true ? " not" : "",
                       t["p_value"].get<double>());
  }
  const Json &test = v["residual_test"], &suspects = test["suspects"];
  std::string tried, untried;
  for (const Json& term : test["terms"]) {
    std::string& list = term["visible_share"].is_null() ? untried : tried;
    list += (list.empty() ? "" : ", ") + term["term"].get<std::string>();
  }
  if (tried.empty())
    return out +
           fmt::format("residual test: not testable: {}\n", test["why_not_testable"].get<std::string>());
  if (suspects.empty())
    return out + fmt::format("residual test: passed, nothing that is left depends on {}{}\n", tried,
                             untried.empty() ? "" : " (did not vary: " + untried + ")");
  for (const Json& s : suspects)
    out += fmt::format("residual test: FAILED: depends on {}\n", s.get<std::string>());
  return out;
}

// Traces that were not fitted, group by group.
std::string unseen_table(const Json& v) {
  std::string out = heading("other traces", "error of the step, %");
  std::string held, unsure, no_better;
  for (const Json& g : v["test_groups"]) {
    const auto name = g["group"].get<std::string>();
    out += row(name, g, g["baselines"]);
    if (g["coverage_as_said"] == false)
      held += fmt::format("  {}: {} % of {} runs\n", name, percent(g["coverage"]), g["runs"].dump());
    if (g["standard_error"] > 0.02) unsure += fmt::format("  {}: {} %\n", name, percent(g["standard_error"]));
    for (const auto& [key, title] : simpler) {
      if (!g["baselines"].contains(key) || g["baselines"][key]["worst"] >= 2 * g["worst"].get<double>())
        continue;
      no_better += fmt::format("  {}: {} (worst {} %, ours {} %)\n", name, title,
                               percent(g["baselines"][key]["worst"]), percent(g["worst"]));
    }
  }
  const Json& all = v["test_summary"];
  out += row("all", all, all["baselines"]);
  if (!no_better.empty())
    out += "less than twice as good in the worst cell as a simpler formula:\n" + no_better;
  if (!unsure.empty())
    out += "standard error of the mean in the cell with the fewest runs for its spread:\n" + unsure;
  if (!held.empty()) out += "90 % intervals do not hold as often as they say:\n" + held;
  out +=
      fmt::format("90 % intervals held {} % of {} runs; {} of {} cells lie outside what was fitted\n",
                  percent(all["coverage"]), all["runs"].dump(), all["warned_cells"].dump(), all["n"].dump());
  if (const Json& first = all["first_token"]; first["n"] != 0)
    out += fmt::format("first token: median {} %, worst {} % of {} links and prompts\n",
                       percent(first["median"]), percent(first["worst"]), first["n"].dump());
  return out;
}

}  // namespace

std::string fit_table(const model::LatencyModel& m) {
  std::string out =
      fmt::format("decode step, fitted to {:<6} steps       milliseconds  std error\n", m.decode.steps);
  out += work("client", m.decode.client) + work("server", m.decode.server) +
         coefficient("overhead", m.decode.overhead_s, 1e3);
  const std::string use = m.chance.applied ? "" : " (a check)";
  out += coefficient("losses, multiple of theory's cost" + use, m.chance.loss, 1) +
         coefficient("jitter, multiple of theory's cost" + use, m.chance.jitter, 1);
  out += fmt::format(
      "  residual {:.3f} ms, initial window {:g} segments\n\ndrafter        tokens/step  rows/step  steps\n",
      m.decode.residual_s * 1e3, m.initial_window);
  for (const auto& d : m.drafters) {
    out += fmt::format("  {:<12} {:>11.3f} {:>10.2f} {:>6}\n", d.drafter, d.tokens_per_step(),
                       d.mean_shape().rows, d.steps);
  }
  const Json& v = m.validation;
  for (const model::FittedCondition& c : m.conditions) {
    if (c.condition.live)
      out += fmt::format("live link, measured: {} ({} runs)\n", label(c.condition), c.runs);
  }
  if (!v.contains("folds")) return out;
  out += heading("held out", "error of the step, %");
  for (const auto& [key, fold] : v["folds"].items())
    out += row(key, fold, v["baselines"].contains(key) ? v["baselines"][key] : Json::object());
  for (const auto& [key, fold] : v["lossy_folds"].items()) {
    if (key == "condition" && fold["n"] != 0) out += row("with loss by chance", fold, Json::object());
  }
  for (const std::string& sentence : analysis::simpler_as_good(v)) out += sentence + "\n";
  if (v.contains("test")) out += unseen_table(v);
  return out + checks(v);
}

}  // namespace splitwan::scenarios
