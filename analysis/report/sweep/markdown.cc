// A sweep as Markdown: what is best where, the front, what failed.
#include <fmt/ranges.h>

#include <algorithm>

#include "analysis/report/markdown.hh"

namespace splitwan::analysis::markdown {
namespace {

std::string plain_cell(const Json& value) { return value.is_null() ? "-" : text(value); }

std::string digits(const Json& value) {
  return value.is_number() ? fmt::format("{:.4g}", value.get<double>()) : "-";
}

std::string table_row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string places_table(const Json& axes, const Json& rows, const std::vector<std::string>& titles,
                         const std::vector<std::string>& keys) {
  std::vector<std::string> head, rule;
  for (const Json& axis : axes) head.push_back(plain_cell(axis["column"])), rule.emplace_back("---");
  for (const std::string& title : titles) head.push_back(title), rule.emplace_back("--:");
  std::string out = table_row(head) + table_row(rule);
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    for (const Json& axis : axes) cells.push_back(plain_cell(row["at"][axis["column"].get<std::string>()]));
    for (const std::string& key : keys) cells.push_back(digits(row[key]));
    out += table_row(cells);
  }
  return out + "\n";
}

std::string best_tables(const Json& swept) {
  const Json& best = swept["best"];
  if (best.is_null()) return "";
  const auto quantity = best["quantity"].get<std::string>();
  std::string out;
  for (const Json& axis : swept["axes"]) {
    Json rows = Json::array();
    for (const Json& row : best["rows"])
      if (row["axis"] == axis["column"]) rows.push_back(row);
    out += fmt::format("### Best {} of each {}\n\n", quantity, plain_cell(axis["column"]));
    out += rows.empty() ? fmt::format("{} values: too many to list.\n\n", axis["values"].size())
                        : places_table(swept["axes"], rows, {quantity}, {quantity});
  }
  return out;
}

std::string front_table(const Json& swept) {
  const Json& front = swept["front"];
  if (front.is_null()) return "";
  const auto named = [](const Json& side) {
    return fmt::format("{} ({} is better)", text(side["title"]),
                       side["higher_is_better"] == true ? "more" : "less");
  };
  return fmt::format("### What no other row beats in both\n\n{} against {}.\n\n", named(front["x"]),
                     named(front["y"])) +
         places_table(swept["axes"], front["members"],
                      {text(front["x"]["column"]), text(front["y"]["column"])}, {"x", "y"});
}

// By reason, with the names of the first.
std::string failures_list(const Json& failures) {
  if (failures.empty()) return "";
  constexpr std::size_t most_named = 20;
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (const Json& failure : failures) {
    const std::string reason = plain_cell(failure["reason"]);
    auto there = std::ranges::find(reasons, reason, [](const auto& r) { return r.first; });
    if (there == reasons.end()) there = reasons.insert(there, {reason, {}});
    there->second.push_back(plain_cell(failure["cell"]));
  }
  std::string out = "### Failed\n\n| reason | cells | which |\n|---|--:|---|\n";
  for (auto& [reason, cells] : reasons) {
    const std::size_t count = cells.size();
    if (count > most_named) cells.resize(most_named);
    out += fmt::format("| {} | {} | {}{} |\n", reason.empty() ? "not stated" : reason, count,
                       fmt::join(cells, ", "), count > most_named ? ", .." : "");
  }
  return out;
}

}  // namespace

std::string swept(const Json& data) {
  if (data.is_null()) return "";
  std::string out = fmt::format("\n## {}\n\n{}\n\n", text(data["heading"]), text(data["about"]));
  for (const Json& remark : data["remarks"]) out += fmt::format("- {}\n", text(remark));
  return out + "\n" + best_tables(data) + front_table(data) + failures_list(data["failures"]);
}

}  // namespace splitwan::analysis::markdown
