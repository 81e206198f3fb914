// The report as Markdown tables.
#include <algorithm>

#include "analysis/report/markdown.hh"
#include "analysis/report/report.hh"
#include "engine/base/plain_text.hh"
#include "model/observe/observation.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

using markdown::ms, markdown::number_cell, markdown::text;

// The drafter, and what else sets results of one condition apart.
std::string name(const Json& result, const Json& results) {
  std::string out = text(result["drafter"]);
  for (const std::string key : {"sampling", "wire", "plan", "compute"}) {
    const Json& value = result[key];
    if (std::all_of(results.begin(), results.end(), [&](const Json& r) { return r[key] == value; })) continue;
    const bool sampling = key == "sampling" && value.is_object();
    out += fmt::format(
        ", {}", sampling ? fmt::format("temperature {:g}", value.value("temperature", 0.0)) : text(value));
  }
  return out;
}

// What the label says behind the round-trip time.
std::string link_label(const model::Condition& c) {
  const std::string all = label(c);
  const auto comma = all.find(", ");
  return comma == all.npos ? all : all.substr(comma + 2);
}

void measured(std::string& out, const Json& results) {
  out += "## Measured\n\n";
  out +=
      "| condition | decoding | tokens/s | tokens/step | first token, ms | step, ms | round trip | wire | "
      "client | "
      "server | overhead |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  bool apart = true;
  for (const Json& r : results) {
    const Json& s = r["step"];
    const model::Condition c = model::condition_of(r, "summary");
    const bool unknown = c.live && c.rtt_s == 0;  // then wire and round trip are not told apart
    apart = apart && !unknown;
    const Json waiting =
        s["network_s"].is_null() ? Json() : Json(s["network_s"].get<double>() - s["wire_s"].get<double>());
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", label(c),
                       name(r, results), number_cell(r["tokens_per_s"], 1, 2),
                       number_cell(r["tokens_per_step"], 1, 2), ms(r["time_to_first_token_s"]),
                       ms(s["total_s"]), ms(waiting), unknown ? "-" : ms(s["wire_s"]), ms(s["client_s"]),
                       ms(s["server_s"]), ms(s["overhead_s"]));
  }
  if (!apart)
    out += "\nOf a live connection, whose link nobody stated, \"round trip\" is all of the network.\n";
}

void projected(std::string& out, const Json& data) {
  out += "\n## Projected\n\n";
  if (data["model"].is_null()) {
    out += fmt::format("No model: {}.\n", text(data["why_no_model"]));
    return;
  }
  const bool outside =
      std::ranges::any_of(data["projection"], [](const Json& p) { return p["extrapolated"] == true; });
  out += fmt::format("On the usual link ({}), 90 % intervals{}.\n\n",
                     link_label(model::condition_of(data["usual_condition"], "model")),
                     outside ? "; * lies outside what was fitted" : "");
  for (const Json& caveat : data["caveats"]) out += fmt::format("Note: {}.\n\n", text(caveat));
  out += "| RTT, ms | decoding | tokens/s | low | high |\n|--:|---|--:|--:|--:|\n";
  for (const Json& p : data["projection"]) {
    out += fmt::format("| {}{} | {} | {} | {} | {} |\n", number_cell(p["rtt_s"], 1e3, 0),
                       p["extrapolated"] ? "*" : "", text(p["drafter"]), number_cell(p["tokens_per_s"], 1, 2),
                       number_cell(p["low"], 1, 2), number_cell(p["high"], 1, 2));
  }
}

}  // namespace

Json markdown::escaped(const Json& data) {
  if (data.is_string()) return engine::markdown_text(data.get_ref<const std::string&>());
  Json all = data.is_object() ? Json::object() : data.is_array() ? Json::array() : data;
  if (data.is_object())
    for (const auto& [key, value] : data.items()) all[engine::markdown_text(key)] = escaped(value);
  if (data.is_array())
    for (const Json& value : data) all.push_back(escaped(value));
  return all;
}

std::string render_markdown(const Json& as_read) {
  const Json data = markdown::escaped(as_read);
  const Json& source = data["source"];
  const bool traced = !source.is_null();
  std::string out = "# splitwan report\n";
  if (traced) {
    const auto stated = [&](const char* key) { return text(source.value(key, Json("not stated"))); };
    out += fmt::format("\n{} runs. Compute: {}. Wire: {}. Plan: {}.\n\n", source["runs"].get<int>(),
                       stated("compute"), stated("wire"), stated("plan"));
    measured(out, data["summary"]["results"]);
  }
  out += markdown::guessing(data["study"]);
  out += markdown::privacy(data["privacy"]);
  out += markdown::studied(data["studied"]);
  out += markdown::swept(data["swept"]);
  if (traced || !data["model"].is_null()) projected(out, data);
  out += markdown::validation(data);
  return out;
}

}  // namespace splitwan::analysis
