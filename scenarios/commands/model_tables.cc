#include "scenarios/commands/model_tables.hh"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace splitwan::scenarios {
namespace {

using engine::Json;

std::string number(const Json& v, double scale, int digits) {
  return v.is_null() ? "-" : fmt::format("{:.{}f}", v.get<double>() * scale, digits);
}

std::string coefficient(const std::string& name, const model::Coefficient& c, double scale) {
  const std::string error = std::isnan(c.error) ? "-" : fmt::format("{:.4f}", c.error * scale);
  return fmt::format("  {:<40} {:>12.4f} {:>10}\n", name, c.value * scale, error);
}

std::string work(const std::string& who, const model::WorkCost& w) {
  return coefficient(who + ", fixed", w.fixed_s, 1e3) + coefficient(who + ", per row", w.per_row_s, 1e3) +
         coefficient(who + ", per row and 1000 tokens of context", w.per_row_context_s, 1e6);
}

std::string percent(const Json& v) {
  return v.is_null() ? "-" : fmt::format("{:.2f}", v.get<double>() * 100);
}

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

// What sets results apart beside condition and drafter: "2+8+2 f32 reference".
std::string variant(const Json& result) {
  const auto text = [&](const char* key) {
    const Json& value = result[key];
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  const Json& plan = result["plan"];
  if (!plan.is_object()) return text("wire") + " " + text("compute");
  const Json sampling = result.value("sampling", Json());
  const double temperature = sampling.is_object() ? sampling.value("temperature", 0.0) : 0;
  return fmt::format("{}+{}+{} {} {}{}", plan["head"].dump(), plan["middle"].dump(), plan["tail"].dump(),
                     text("wire"), text("compute"),
                     temperature > 0 ? fmt::format(" temperature {}", temperature) : "");
}

}  // namespace

std::string fit_table(const model::LatencyModel& m) {
  std::string out =
      fmt::format("decode step, fitted to {:<6} steps       milliseconds  std error\n", m.decode.steps);
  out += work("client", m.decode.client) + work("server", m.decode.server) +
         coefficient("overhead", m.decode.overhead_s, 1e3);
  out += coefficient("loss, multiple of theory's round trips", m.chance.recovery, 1) +
         coefficient("loss, multiple of theory's timeouts", m.chance.timeout, 1) +
         coefficient("jitter, multiple of theory's", m.chance.jitter, 1);
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

// Any list of like objects: a column per key.
std::string cells_table(const Json& cells) {
  if (cells.empty()) return "";
  const auto text = [](const Json& value) {
    if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "-" : value.dump();
  };
  std::vector<std::pair<std::string, std::size_t>> columns;  // key, width
  for (const auto& [key, value] : cells[0].items()) columns.emplace_back(key, key.size());
  for (const Json& cell : cells)
    for (auto& [key, width] : columns) width = std::max(width, text(cell.value(key, Json())).size());
  std::string out;
  for (const auto& [key, width] : columns) out += fmt::format("{:<{}}  ", key, width);
  for (const Json& cell : cells) {
    out += "\n";
    for (const auto& [key, width] : columns)
      out += fmt::format("{:<{}}  ", text(cell.value(key, Json())), width);
  }
  return out + "\n";
}

std::string summary_table(const Json& summary) {
  if (summary.contains("cells")) return cells_table(summary["cells"]);
  std::string out =
      "condition                         drafter       tokens/s  tokens/step  first ms  step ms: network  "
      "client  "
      "server  overhead\n";
  std::set<std::string> variants;
  for (const Json& r : summary["results"]) variants.insert(variant(r));
  for (const Json& r : summary["results"]) {
    const Json& s = r["step"];
    out += fmt::format("{:<33} {:<12} {:>9} {:>12} {:>9} {:>17} {:>7} {:>7} {:>9}{}\n",
                       label(model::condition_of(r, "summary")), r["drafter"].get<std::string>(),
                       number(r["tokens_per_s"], 1, 2), number(r["tokens_per_step"], 1, 3),
                       number(r["time_to_first_token_s"], 1e3, 1), number(s["network_s"], 1e3, 1),
                       number(s["client_s"], 1e3, 1), number(s["server_s"], 1e3, 1),
                       number(s["overhead_s"], 1e3, 1), variants.size() > 1 ? "  " + variant(r) : "");
  }
  return out;
}

}  // namespace splitwan::scenarios
