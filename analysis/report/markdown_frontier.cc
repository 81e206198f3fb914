#include "analysis/report/markdown.hh"

namespace splitwan::analysis::markdown {
namespace {

std::string with_ends(const Json& row, const char* key, double times, int digits) {
  const Json& ends = row[std::string(key) + "_ci90"];
  return fmt::format("{} ({} to {})", number_cell(row[key], times, digits),
                     number_cell(ends[0], times, digits), number_cell(ends[1], times, digits));
}

std::string costs_of(const Json& row) {
  return fmt::format("{} | {} | {} ({})", with_ends(row, "perplexity", 1, 1), percent(row["agreement"], 1),
                     with_ends(row, "attack_success", 100, 1), text(row["attack"]));
}

}  // namespace

std::string frontier(const Json& data) {
  if (data.is_null()) return "";
  std::string out = "\n## DEL: utility, leak and bytes\n\n";
  for (const Json& remark : data["remarks"]) out += text(remark) + "\n";
  if (data["partial"].get<bool>()) out += "The study was stopped before its end: cells are missing.\n";
  out += fmt::format(
      "\nPerplexity without defence: {}. With 90 % intervals; * marks cells that no other beats.\n\n"
      "| mu | bits | width | bits a token | epsilon | perplexity | agreement | tokens found, % |\n"
      "|--:|--:|--:|--:|--:|---|--:|---|\n",
      number_cell(data["clean"]["perplexity"], 1, 2));
  for (const Json& c : data["cells"])
    out += fmt::format("| {}{} | {} | {} | {} | {} | {} |\n", number_cell(c["mu"], 1, 0),
                       c["best"].get<bool>() ? "*" : "", text(c["bits"]), text(c["width"]),
                       text(c["bits_per_token"]), number_cell(c["epsilon"], 1, 1), costs_of(c));
  for (const Json& b : data["baselines"])
    out += fmt::format("| {}{} | | | | {} | {} |\n", text(b["kind"]),
                       b.contains("mu") ? " " + number_cell(b["mu"], 1, 0) : "",
                       b.contains("epsilon") ? number_cell(b["epsilon"], 1, 1) : "", costs_of(b));
  return out;
}

}  // namespace splitwan::analysis::markdown
