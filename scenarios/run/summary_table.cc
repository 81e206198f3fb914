#include "scenarios/run/summary_table.hh"

#include <fmt/format.h>

#include <set>

#include "engine/base/json_table.hh"
#include "model/observe/observation.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

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

// Of sharded tokens: the decode step, or the prompt where nothing is decoded.
std::string cascade_cells(const Json& cells) {
  std::string out =
      "shards nodes link                         rows tokens/s    step ms  hops         MB  as formula  "
      "client MB  "
      "critical ms: client    comp    attn   merge  network\n";
  for (const Json& cell : cells) {
    const Json& c = cell["step_s"].is_null() ? cell["prompt"] : cell;
    const auto mega = [&](const char* key) { return engine::number_cell(c[key], 1e-6, 4); };
    const auto milli = [&](const char* key) { return engine::number_cell(c["critical"][key], 1e3, 2); };
    const bool same = c["bytes"] == c["formula_bytes"] && c["client_bytes"] == c["formula_client_bytes"];
    out += fmt::format(
        "{:<6} {:<5} {:<28} {:>4} {:>8} {:>10} {:>5} {:>10} {:>11} {:>10} {:>20} {:>7} {:>7} {:>7} {:>8}\n",
        fmt::format("{}x{}", cell["alpha"].dump(), cell["cluster"].dump()), cell["nodes"].dump(),
        label(model::condition_of(cell, "summary")), engine::number_cell(c["rows_per_step"], 1, 0),
        engine::number_cell(cell["tokens_per_s"], 1, 2), engine::number_cell(c["step_s"], 1e3, 2),
        engine::number_cell(c["hops"], 1, 0), mega("bytes"),
        c["bytes"].is_null() ? "-"
        : same               ? "yes"
                             : "NO",
        mega("client_bytes"), milli("client_s"), milli("comp_s"), milli("attn_s"), milli("merge_s"),
        milli("network_s"));
  }
  return out;
}

}  // namespace

std::string summary_table(const Json& summary) {
  if (summary["kind"] == "cascade") return cascade_cells(summary["cells"]);
  if (summary.contains("cells")) return cells_table(summary["cells"]);
  std::string out =
      "condition                         drafter       tokens/s  tokens/step  first ms  step ms: network  "
      "client  "
      "server  overhead\n";
  std::set<std::string> variants;
  for (const Json& r : summary["results"]) variants.insert(variant(r));
  for (const Json& r : summary["results"]) {
    const Json& s = r["step"];
    out += fmt::format(
        "{:<33} {:<12} {:>9} {:>12} {:>9} {:>17} {:>7} {:>7} {:>9}{}\n",
        label(model::condition_of(r, "summary")), r["drafter"].get<std::string>(),
        engine::number_cell(r["tokens_per_s"], 1, 2), engine::number_cell(r["tokens_per_step"], 1, 3),
        engine::number_cell(r["time_to_first_token_s"], 1e3, 1), engine::number_cell(s["network_s"], 1e3, 1),
        engine::number_cell(s["client_s"], 1e3, 1), engine::number_cell(s["server_s"], 1e3, 1),
        engine::number_cell(s["overhead_s"], 1e3, 1), variants.size() > 1 ? "  " + variant(r) : "");
  }
  return out;
}

}  // namespace splitwan::scenarios
