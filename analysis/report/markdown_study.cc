// The comparison of drafters as Markdown tables, one per temperature.
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/report/markdown.hh"

namespace splitwan::analysis::markdown {
namespace {

// The cells of one temperature by drafter, prompt class and round-trip time.
struct Table {
  std::map<std::string, std::map<std::string, std::map<double, Json>>> cells;
  std::set<double> rtts;

  double rtt_s() const { return *std::next(rtts.begin(), static_cast<std::ptrdiff_t>(rtts.size() / 2)); }
  Json at(const std::string& drafter, const std::string& category, double rtt) const {
    const auto& by_rtt = cells.at(drafter).at(category);
    const auto found = by_rtt.find(rtt);
    return found == by_rtt.end() ? Json::object() : found->second;
  }
  // What gains most first.
  std::vector<std::string> drafters() const {
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [name, categories] : cells) {
      const Json gain = at(name, "average", rtt_s()).value("tokens_per_step", Json());
      order.emplace_back(gain.is_number() ? -gain.get<double>() : 0, name);
    }
    std::sort(order.begin(), order.end());
    std::vector<std::string> names;
    names.reserve(order.size());
    for (const auto& [gain, name] : order) names.push_back(name);
    return names;
  }
};

std::string interval(const Json& ci) {
  return ci.is_array() ? fmt::format("{} to {}", number_cell(ci[0], 1, 2), number_cell(ci[1], 1, 2)) : "-";
}

std::string row(const Table& table, const std::string& drafter, const std::string& category) {
  const Json c = table.at(drafter, category, table.rtt_s());
  const auto of = [&](const char* key) { return c.value(key, Json()); };
  std::string out = fmt::format("| {} | {} | {} | {} | {} | {} | {} |", drafter, category,
                                number_cell(of("tokens_per_step"), 1, 2),
                                interval(of("tokens_per_step_ci90")), number_cell(of("rows_per_step"), 1, 1),
                                number_cell(of("bytes_per_token"), 1, 0), ms(of("draft_s_per_step"), 2));
  for (const double rtt : table.rtts) {
    const Json there = table.at(drafter, category, rtt);
    out += fmt::format(" {} ({}) |", number_cell(there.value("tokens_per_s", Json()), 1, 2),
                       number_cell(there.value("over_sequential", Json()), 1, 2));
  }
  return out + fmt::format(" {} |\n", percent(of("share_left_out"), 0));
}

}  // namespace

std::string guessing(const Json& study) {
  if (!study.is_object() || study.value("kind", "") != "ablation" || study["cells"].empty()) return "";
  std::map<double, Table> tables;  // by temperature
  for (const Json& c : study["cells"]) {
    Table& table = tables[c["temperature"]];
    table.rtts.insert(c["rtt_s"].get<double>());
    table.cells[c["drafter"]][c["category"]][c["rtt_s"]] = c;
  }
  std::string out = "\n## What guessing gains\n\n";
  out += fmt::format(
      "\"average\" is the mean over prompt classes, each with the same weight. Intervals are 90 %, by "
      "bootstrap over prompts. "
      "Left out: prompts whose text without guessing repeats {} of its 4-grams or more.\n",
      percent(study.value("left_out_from_repeat_4gram", Json()), 0));
  for (const Json& m : study.value("merged", Json::array()))
    out += fmt::format("\nAt {} ms the figures are means over links that differ: {}.\n",
                       number_cell(m["rtt_s"], 1e3, 0),
                       fmt::join(m["links"].get<std::vector<std::string>>(), "; "));
  for (const auto& [temperature, table] : tables) {
    out += fmt::format("\nTemperature {:g}; all but tokens/s at {:g} ms; in brackets: over sequential.\n\n",
                       temperature, table.rtt_s() * 1e3);
    out += "| decoding | prompts | tokens/step | interval | rows/step | bytes/token | guessing, ms/step |";
    std::string align = "|---|---|--:|--:|--:|--:|--:|";
    for (const double rtt : table.rtts) {
      out += fmt::format(" tokens/s, {:g} ms |", rtt * 1e3);
      align += "--:|";
    }
    out += " left out |\n" + align + "--:|\n";
    for (const std::string& drafter : table.drafters()) {
      out += row(table, drafter, "average");
      for (const auto& [category, by_rtt] : table.cells.at(drafter)) {
        if (category != "average") out += row(table, drafter, category);
      }
    }
  }
  return out;
}

}  // namespace splitwan::analysis::markdown
