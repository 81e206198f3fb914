#include "scenarios/commands/plain/model_tables.hh"

#include <fmt/format.h>

#include <cmath>

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

std::string validation(const std::string& held_out, const Json& v, const Json& baseline) {
  if (v.contains("note")) return fmt::format("  {:<14} {}\n", held_out, v["note"].get<std::string>());
  return fmt::format("  {:<14} {:>8} {:>8} {:>8}   {:>8} {:>8}\n", held_out, percent(v["median"]),
                     percent(v["worst"]), v["n"].dump(), percent(baseline["median"]),
                     percent(baseline["worst"]));
}

std::string checks(const Json& v) {
  std::string out = fmt::format("\n90 % intervals held {} % of {} runs on conditions and prompts held out\n",
                                percent(v["coverage_90"]), v["coverage_runs"]["all"]["runs"].dump());
  for (const Json& t : v["acceptance_test"]) {
    if (t["p_value"].is_null()) continue;  // nothing to compare
    out += fmt::format("tokens per step of {} do{} depend on the round-trip time (p = {:.3g})\n",
                       t["drafter"].get<std::string>(), t["independent_of_rtt"] == true ? " not" : "",
                       t["p_value"].get<double>());
  }
  const Json& suspects = v["residual_test"]["suspects"];
  if (suspects.empty())
    return out + "residual test: passed, nothing that is left depends on what was tried\n";
  for (const Json& s : suspects)
    out += fmt::format("residual test: FAILED: depends on {}\n", s.get<std::string>());
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
  if (!v.contains("folds")) return out;
  out +=
      "\nheld out         error of the step time, %       the published formula's\n"
      "                   median    worst    folds     median    worst\n";
  for (const auto& [key, fold] : v["folds"].items()) out += validation(key, fold, v["baseline_folds"][key]);
  for (const auto& [key, fold] : v["lossy_folds"].items()) {
    if (key == "condition" && fold["n"] != 0)
      out += fmt::format("  {:<14} {:>8} {:>8} {:>8}   (conditions that lose packets by chance)\n",
                         "with loss", percent(fold["median"]), percent(fold["worst"]), fold["n"].dump());
  }
  if (v.contains("test")) out += validation("other traces", v["test"], v["test"]["baseline"]);
  return out + checks(v);
}

}  // namespace splitwan::scenarios
