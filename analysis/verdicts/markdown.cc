#include "analysis/verdicts/markdown.hh"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

using engine::markdown_text;

constexpr std::size_t most_name = 200, most_reason = 2000;     // bytes
constexpr std::size_t most_differing = 20, most_reasons = 10;  // rows; cells
constexpr std::size_t reserve = 400;  // bytes: what closes a part, and says what was left out

// Adds lines while they fit.
class Page {
 public:
  explicit Page(std::size_t most) : most_(most) {}
  bool add(std::string_view line) {
    if (text_.size() + line.size() + reserve > most_) return false;
    text_ += line;
    return true;
  }
  void close(std::string_view line) { text_ += line; }  // from the reserve
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::size_t most_;
};

std::string left_out(std::size_t count) { return fmt::format("\n{} more left out here.\n", count); }

std::string name_cell(const std::string& name) { return markdown_text(engine::one_line(name, most_name)); }
std::string words_of(const std::string& text) { return markdown_text(engine::one_line(text, most_reason)); }

void add_table(Page& page, const std::vector<const GateRow*>& rows, std::size_t most) {
  std::size_t shown = 0;
  const auto line = [](const GateRow& row) {
    const Figures f = figures_of(row);
    const std::string bold = row.verdict == Verdict::regressed ? "**" : "";
    const std::string unit = row.unit.empty() || f.current.empty() ? "" : " " + name_cell(row.unit);
    return fmt::format("| {0}{1}{0} | {2} | {3} | {4} | {5} | {6}{7} | {8} |\n", bold, name_of(row.verdict),
                       name_cell(row.scenario), name_cell(row.cell), name_cell(row.metric), f.baseline,
                       f.current, unit, f.change);
  };
  if (page.add("\n| verdict | scenario | cell | metric | baseline | current | change |\n"
               "|---|---|---|---|--:|--:|--:|\n"))
    while (shown < std::min(rows.size(), most) && page.add(line(*rows[shown]))) ++shown;
  if (shown < rows.size()) page.close(left_out(rows.size() - shown));
}

// "- " and a line each, behind an empty one.
void add_list(Page& page, const std::vector<std::string>& items, std::size_t most) {
  std::size_t shown = 0;
  while (shown < std::min(items.size(), most) && page.add((shown == 0 ? "\n- " : "- ") + items[shown] + "\n"))
    ++shown;
  if (shown < items.size()) page.close(left_out(items.size() - shown));
}

// All rows of a cell have one cause; what is beside another build has its own.
std::vector<std::string> reasons_of(const std::vector<const GateRow*>& rows) {
  std::vector<std::string> reasons;
  for (const GateRow* row : rows) {
    const std::string why =
        row->reason.empty() && row->measured ? measured_text(*row->measured) : row->reason;
    if (why.empty()) continue;
    const std::string place = row->cell.empty() ? "" : ", " + name_cell(row->cell);
    const std::string metric = row->other_build ? ", " + name_cell(row->metric) : "";
    std::string text = fmt::format("**{}{}{}**: {}", name_cell(row->scenario), place, metric, words_of(why));
    if (std::ranges::find(reasons, text) == reasons.end()) reasons.push_back(std::move(text));
  }
  return reasons;
}

std::pair<std::string, std::string> both_texts(const Json& before, const Json& now) {
  if (before.is_number() && now.is_number()) {
    GateRow row;
    row.baseline = before, row.current = now;
    const Figures f = figures_of(row);
    return {f.baseline, f.current};
  }
  const auto text = [](const Json& value) {
    return name_cell(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  };
  return {text(before), text(now)};
}

// Of two objects the figures that differ, a row each.
void add_figures(std::string& table, const std::string& what, const Json& before, const Json& now) {
  if (!before.is_object() || !now.is_object()) return;
  for (const auto& [key, value] : now.items()) {
    const Json was = before.value(key, Json());
    if (was == value) continue;
    const auto [old_text, new_text] = both_texts(was, value);
    table += fmt::format("| {}{} | {} | {} |\n", what, name_cell(key), old_text, new_text);
  }
}

std::string text_of(const Json& difference) {
  const auto part = [](const Json& from, const char* key) {
    return from.is_object() ? from.value(key, Json()) : Json();
  };
  const auto words = [&](const Json& from, const char* key) {
    const Json found = part(from, key);
    return found.is_string() ? name_cell(found.get<std::string>()) : "";
  };
  const Json first = part(difference, "first"), cost = part(difference, "cost");
  std::string table;
  add_figures(table, "first differing step: ", part(first, "before"), part(first, "now"));
  add_figures(table, "all runs: ", part(cost, "before"), part(cost, "now"));
  return fmt::format("\n**{}, {}**: {}\n\n| | baseline | now |\n|---|--:|--:|\n{}",
                     words(difference, "scenario"), words(difference, "cell"), words(first, "what"), table);
}

void add_differences(Page& page, const Json& differences) {
  if (!differences.is_array() || differences.empty()) return;
  if (!page.add("\n<details><summary>Where the traces first differ, and what that sums up to</summary>\n"))
    return;
  std::size_t shown = 0;
  while (shown < differences.size() && page.add(text_of(differences[shown]))) ++shown;
  if (shown < differences.size()) page.close(left_out(differences.size() - shown));
  page.close("\n</details>\n");
}

}  // namespace

std::string markdown_page(const GateResult& result, std::size_t most_bytes) {
  Page page(most_bytes);
  const std::string line = verdict_line(result), name(name_of(result.verdict));
  page.add(fmt::format("### splitwan gate: {}\n\n{}.\n", name, markdown_text(line.substr(name.size() + 2))));
  std::vector<const GateRow*> differing;
  for (const Verdict outcome : {Verdict::regressed, Verdict::inconclusive, Verdict::improved})
    std::ranges::copy(worst_first(result, outcome), std::back_inserter(differing));
  if (!differing.empty()) add_table(page, differing, most_differing);
  add_list(page, reasons_of(differing), most_reasons);
  std::vector<std::string> notes;
  for (const std::string& note : result.notes)  // at its beginning these would be a heading or a list
    notes.push_back((note.find_first_of("#-+") == 0 ? "&#8203;" : "") + words_of(note));
  if (!notes.empty() && page.add("\nNotes:\n")) add_list(page, notes, notes.size());
  add_differences(page, result.differences);
  if (result.rows.empty()) return page.take();
  std::vector<const GateRow*> all;
  for (const GateRow& row : result.rows) all.push_back(&row);
  if (page.add(fmt::format("\n<details><summary>All {} values</summary>\n", all.size()))) {
    add_table(page, all, all.size());
    page.close("\n</details>\n");
  }
  return page.take();
}

}  // namespace splitwan::analysis
