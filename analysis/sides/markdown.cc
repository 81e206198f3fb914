#include <fmt/ranges.h>

#include "analysis/report/markdown.hh"
#include "analysis/sides/sides.hh"

namespace splitwan::analysis {
namespace {

using markdown::text;

std::string figure(const Json& value) {
  return value.is_number() ? fmt::format("{:.6g}", value.get<double>()) : "-";
}

std::string change(const Json& share) {
  return share.is_number() ? fmt::format("{:+.3g} %", share.get<double>() * 100) : "-";
}

std::string verdict_table(const Json& data) {
  if (data["verdicts"].empty()) return "";
  std::string out = fmt::format(
      "Verdict: **{}**.\n\n| scenario | cell | metric | before | now | change | verdict | reason |\n"
      "|---|---|---|--:|--:|--:|---|---|\n",
      text(data["verdict"]));
  for (const Json& row : data["verdicts"])
    out +=
        fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", text(row["scenario"]), text(row["cell"]),
                    text(row["metric"]), figure(row["baseline"]), figure(row["current"]),
                    change(row["change"]), text(row["verdict"]), text(row["reason"]));
  return out + "\n";
}

std::string step_table(const Json& step) {
  std::string out = "| mean decode step, ms | before | now | more |\n|---|--:|--:|--:|\n";
  for (const auto& [key, title] : {std::pair("client_s", "client"),
                                   {"others_s", "busiest other party"},
                                   {"wait_s", "network and waiting"},
                                   {"total_s", "in all"}}) {
    const Json a = step["before"].is_null() ? Json() : step["before"][key],
               b = step["now"].is_null() ? Json() : step["now"][key];
    const Json more = a.is_number() && b.is_number() ? Json(b.get<double>() - a.get<double>()) : Json();
    out += fmt::format("| {} | {} | {} | {} |\n", title, markdown::ms(a, 3), markdown::ms(b, 3),
                       markdown::ms(more, 3));
  }
  return out + "\n";
}

std::string cell_text(const Json& cell) {
  std::string out = fmt::format("## {}: {}\n\n", text(cell["scenario"]), text(cell["cell"]));
  if (!cell["beside"].is_null()) out += fmt::format("Beside: {}.\n\n", text(cell["beside"]));
  if (!cell["only"].is_null()) return out + fmt::format("Only {}.\n\n", text(cell["only"]));
  if (cell["same"] == true) return out + "Both are the same: every step, message and job.\n\n";
  out += fmt::format("{}\n\nIn all it {}.\n\n", text(cell["first"]["reason"]), text(cell["cost"]));
  if (!cell["settings"].empty())
    out += fmt::format("Settings that changed: {}.\n\n",
                       fmt::join(cell["settings"].get<std::vector<std::string>>(), "; "));
  out += "| metric | before | now | change |\n|---|--:|--:|--:|\n";
  for (const Json& m : cell["metrics"])
    out += fmt::format("| {} ({}) | {} | {} | {} |\n", text(m["metric"]), text(m["unit"]),
                       figure(m["before"]), figure(m["now"]), change(m["change"]));
  return out + "\n" + step_table(cell["step"]);
}

}  // namespace

std::string render_sides_markdown(const Json& as_read) {
  const Json data = markdown::escaped(as_read);
  std::string out =
      fmt::format("# Side by side: {} and {}\n\n", text(data["names"]["before"]), text(data["names"]["now"]));
  out += verdict_table(data);
  for (const Json& note : data["notes"]) out += fmt::format("- {}\n", text(note));
  for (const Json& cell : data["cells"]) out += cell_text(cell);
  return out;
}

}  // namespace splitwan::analysis
