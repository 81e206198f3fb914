// The report as Markdown tables.
#include "analysis/markdown.hh"
#include "analysis/report.hh"
#include "engine/error.hh"
#include "model/observation.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using markdown::ms, markdown::number, markdown::percent, markdown::text;

// The drafter, and the temperature where tokens are drawn.
std::string decoding(const Json& result) {
  const Json sampling = result.value("sampling", Json());
  const double temperature = sampling.is_object() ? sampling.value("temperature", 0.0) : 0;
  return text(result["drafter"]) + (temperature > 0 ? fmt::format(", temperature {:g}", temperature) : "");
}

void measured(std::string& out, const Json& results) {
  out += "## Measured\n\n";
  out +=
      "| condition | decoding | tokens/s | tokens/step | first token, ms | step, ms | round trip | wire | "
      "client | "
      "server | overhead |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const Json& r : results) {
    const Json& s = r["step"];
    const Json waiting =
        s["network_s"].is_null() ? Json() : Json(s["network_s"].get<double>() - s["wire_s"].get<double>());
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
                    label(model::condition_of(r, "summary")), decoding(r), number(r["tokens_per_s"], 1, 2),
                    number(r["tokens_per_step"], 1, 2), ms(r["time_to_first_token_s"]), ms(s["total_s"]),
                    ms(waiting), ms(s["wire_s"]), ms(s["client_s"]), ms(s["server_s"]), ms(s["overhead_s"]));
  }
}

void projected(std::string& out, const Json& data) {
  out += "\n## Projected\n\n";
  if (data["model"].is_null()) {
    out += fmt::format("No model: {}.\n", text(data["why_no_model"]));
    return;
  }
  out += fmt::format("On the usual link ({}), 90 % intervals; * lies outside what was fitted.\n\n",
                     bandwidth_label(model::condition_of(data["usual_condition"], "model")));
  out += "| RTT, ms | decoding | tokens/s | low | high |\n|--:|---|--:|--:|--:|\n";
  for (const Json& p : data["projection"]) {
    out += fmt::format("| {}{} | {} | {} | {} | {} |\n", number(p["rtt_s"], 1e3, 0),
                       p["extrapolated"] ? "*" : "", text(p["drafter"]), number(p["tokens_per_s"], 1, 2),
                       number(p["low"], 1, 2), number(p["high"], 1, 2));
  }
}

void validated(std::string& out, const Json& v) {
  if (v.is_null()) return;
  out += "\n## Validation: each round-trip time predicted from the others\n\n";
  if (v.contains("note")) {
    out += text(v["note"]) + ".\n";
    return;
  }
  out += fmt::format("Median error {}, worst {}.\n\n", percent(v["median_abs_error"]),
                     percent(v["worst_abs_error"]));
  out +=
      "| held out | decoding | step predicted, ms | measured, ms | error | tokens/s error |\n"
      "|---|---|--:|--:|--:|--:|\n";
  for (const Json& f : v["folds"]) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", text(f["held_out"]), text(f["drafter"]),
                       ms(f["predicted_step_s"]), ms(f["measured_step_s"]), percent(f["error"]),
                       percent(f["tokens_per_s_error"]));
  }
}

}  // namespace

std::string render_markdown(const Json& data) {
  const Json& source = data["source"];
  std::string out = fmt::format("# splitwan report\n\n{} runs. Compute: {}. Wire: {}. Plan: {}.\n\n",
                                source["runs"].get<int>(), text(source["compute"]), text(source["wire"]),
                                text(source["plan"]));
  out += markdown::guessing(data["study"]);
  measured(out, data["summary"]["results"]);
  projected(out, data);
  validated(out, data["cross_validation"]);
  return out;
}

}  // namespace splitwan::analysis
