#include "analysis/verdicts/console.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

constexpr std::size_t verdict_column = 0, cell_column = 2, metric_column = 3, table_columns = 8;

struct ConsoleLine {
  std::optional<Verdict> verdict;  // none: the heading
  std::array<std::string, table_columns> text;
};

// Most rows of a cell have one cause, which is told once.
std::string told_once(const GateRow& row, const GateRow* before) {
  const bool same_cell = before && before->scenario == row.scenario && before->cell == row.cell;
  if (!same_cell || row.reason.empty() || before->reason.empty()) return engine::one_line(row.reason);
  if (before->reason.ends_with(row.reason)) return "as above";
  if (!row.reason.ends_with(before->reason)) return engine::one_line(row.reason);
  return engine::one_line(row.reason.substr(0, row.reason.size() - before->reason.size())) + "as above";
}

ConsoleLine line_of(const GateRow& row, const GateRow* before) {
  const Figures f = figures_of(row);
  const bool none = row.unit.empty() || f.current.empty();
  const std::string with_unit = f.current + (none ? "" : " " + engine::one_line(row.unit));
  std::string why = told_once(row, before);
  if (row.measured && why.empty()) why = measured_text(*row.measured);
  return {row.verdict,
          {std::string(name_of(row.verdict)), engine::one_line(row.scenario), engine::one_line(row.cell),
           engine::one_line(row.metric), f.baseline, with_unit, f.change, why}};
}

ConsoleLine folded(const std::string& scenario, std::size_t count, bool others) {
  return {
      Verdict::pass,
      {"pass", engine::one_line(scenario),
       fmt::format("{} {}value{} as in the baseline", count, others ? "other " : "", count == 1 ? "" : "s")}};
}

std::string coloured(const std::string& text, std::optional<Verdict> verdict, const ConsoleStyle& style) {
  if (!style.colour || !verdict) return text;
  static constexpr std::array codes = {"32", "1;32", "1;31", "1;33"};  // in the order of Verdict
  return fmt::format("\033[{}m{}\033[0m", codes[static_cast<std::size_t>(*verdict)], text);
}

std::string padding(std::size_t width, std::size_t used) { return std::string(width - used + 2, ' '); }

}  // namespace

ConsoleStyle console_style(bool all) {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text ? text : "");
  };
  const std::string force = value("CLICOLOR_FORCE"), term = value("TERM");
  const bool terminal = isatty(STDOUT_FILENO) && !term.empty() && term != "dumb";
  return {value("NO_COLOR").empty() && (terminal || (!force.empty() && force != "0")), all};
}

std::string console_table(const GateResult& result, const ConsoleStyle& style) {
  std::vector<ConsoleLine> lines = {
      {{}, {"verdict", "scenario", "cell", "metric", "baseline", "current", "change", "reason"}}};
  for (const ScenarioRows& group : by_scenario(result)) {
    std::size_t shown = 0;
    const GateRow* last = nullptr;
    for (const GateRow* row : group.rows)
      if (style.all || differs(*row) || row->other_build) {
        lines.push_back(line_of(*row, last));
        last = row;
        ++shown;
      }
    if (const std::size_t rest = group.rows.size() - shown; rest > 0)
      lines.push_back(folded(group.scenario, rest, shown > 0));
  }

  const bool counts_only = std::ranges::none_of(
      lines, [](const ConsoleLine& line) { return line.verdict && !line.text[metric_column].empty(); });
  if (counts_only) lines.erase(lines.begin());  // they need no heading

  std::array<std::size_t, table_columns> widths{};
  for (const ConsoleLine& line : lines)
    for (std::size_t c = 0; c < table_columns; ++c)
      if (c != cell_column || !line.text[metric_column].empty())  // a fold's words run on
        widths[c] = std::max(widths[c], engine::columns_of(line.text[c]));

  std::string text;
  for (const ConsoleLine& line : lines) {
    std::size_t last = table_columns;
    while (last > 0 && line.text[last - 1].empty()) --last;
    for (std::size_t c = 0; c < last; ++c) {
      text += c == verdict_column ? coloured(line.text[c], line.verdict, style) : line.text[c];
      if (c + 1 < last) text += padding(widths[c], engine::columns_of(line.text[c]));
    }
    text += '\n';
  }
  for (const std::string& note : result.notes) text += "note: " + engine::one_line(note) + "\n";
  return text + coloured(verdict_line(result), result.verdict, style) + "\n";
}

}  // namespace splitwan::analysis
