// What a fit says about its own worth, as Markdown tables.
#include <algorithm>
#include <cmath>

#include "analysis/report/markdown.hh"

namespace splitwan::analysis::markdown {
namespace {

constexpr std::size_t worst_shown = 5;
constexpr std::pair<const char*, const char*> ways[] = {{"rtt", "round-trip time"},
                                                        {"bandwidth", "bandwidth"},
                                                        {"condition", "condition"},
                                                        {"prompt_class", "prompt class"},
                                                        {"drafter", "drafter"}};

Json figure(const Json& v, const char* key, const char* way, const char* name) {
  return v.value(key, Json::object()).value(way, Json::object()).value(name, Json());
}

void summary(std::string& out, const Json& v) {
  out +=
      "| held out: each | folds | step error, median | worst | tokens/s error, median | worst |\n"
      "|---|--:|--:|--:|--:|--:|\n";
  for (const auto& [way, what] : ways) {
    const auto of = [&, way = way](const char* key, const char* name) { return figure(v, key, way, name); };
    if (of("folds", "n").is_null()) continue;
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} |\n", what, number_cell(of("folds", "n"), 1, 0),
                    percent(of("folds", "median")), percent(of("folds", "worst")),
                    percent(of("tokens_per_s_folds", "median")), percent(of("tokens_per_s_folds", "worst")));
  }
  for (const auto& [way, what] : ways) {
    const Json note = figure(v, "folds", way, "note");
    if (note.is_string()) out += fmt::format("\nNot held out: {}.\n", text(note));
  }
}

// The same folds by simpler formulas (model/judge/baseline.hh).
void simpler(std::string& out, const Json& v) {
  std::string rows;
  for (const auto& [way, what] : ways) {
    const Json all = v.value("baselines", Json::object()).value(way, Json::object());
    if (all.empty()) continue;
    const auto cell = [](const Json& e) {
      return e.is_object() ? percent(e["median"]) + ", " + percent(e["worst"]) : std::string("-");
    };
    rows += fmt::format("| {} | {} |", what, cell(v["folds"][way]));
    for (const char* name : {"published", "rtt", "rtt_bytes", "linear", "nearest"})
      rows += " " + cell(all.value(name, Json())) + " |";
    rows += "\n";
  }
  if (rows.empty()) return;
  out +=
      "\nBeside simpler formulas, on the same folds (error of the step, median and worst):\n\n"
      "| held out: each | this model | RTT + constant per drafter (published) | RTT + constant | "
      "RTT + bytes/rate + constant | linear in RTT and rows | nearest measured cell |\n"
      "|---|--:|--:|--:|--:|--:|--:|\n" +
      rows;
}

void worst_folds(std::string& out, const Json& v) {
  Json all = v.value("cross_validation", Json::object())
                 .value("by_condition", Json::object())
                 .value("folds", Json::array());
  if (all.empty()) return;
  std::vector<Json> folds(all.begin(), all.end());
  std::stable_sort(folds.begin(), folds.end(), [](const Json& a, const Json& b) {
    return std::abs(a["error"].get<double>()) > std::abs(b["error"].get<double>());
  });
  folds.resize(std::min(folds.size(), worst_shown));
  out +=
      "\nWorst of the conditions held out:\n\n| held out | decoding | step predicted, ms | measured, ms | "
      "error | "
      "tokens/s error |\n|---|---|--:|--:|--:|--:|\n";
  for (const Json& f : folds) {
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", text(f["held_out"]), text(f["drafter"]),
                       ms(f["predicted_step_s"]), ms(f["measured_step_s"]), percent(f["error"]),
                       percent(f["tokens_per_s_error"]));
  }
}

}  // namespace

std::string validation(const Json& data) {
  const Json& v = data["validation"];
  if (data["model"].is_null()) return "";
  std::string out = "\n## Validation: each condition predicted from the others\n\n";
  if (v.is_null()) return out + fmt::format("Not validated: {}.\n", text(data["why_no_validation"]));
  summary(out, v);
  simpler(out, v);
  out += "\n";
  for (const Json& remark : data["validation_remarks"]) out += "- " + text(remark) + "\n";
  worst_folds(out, v);
  return out;
}

}  // namespace splitwan::analysis::markdown
