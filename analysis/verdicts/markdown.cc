#include "analysis/verdicts/markdown.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "analysis/verdicts/plain_text.hh"
#include "analysis/verdicts/words.hh"

namespace splitwan::analysis {
namespace {

constexpr std::size_t most_cell = 400, most_differing = 20, most_note = 1000;  // bytes, rows, bytes
constexpr std::size_t reserve = 400;  // what closes a part, and says what was left out

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

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

std::string row_text(const GateRow& row) {
  const Figures f = figures_of(row);
  std::string why = one_line(row.reason);
  if (row.measured) why += (why.empty() ? "" : "; ") + measured_text(*row.measured);
  const std::string bold = row.verdict == Verdict::regressed ? "**" : "";
  return fmt::format("| {0}{1}{0} | {2} | {3} | {4} | {5} | {6} | {7} | {8} |\n", bold, name_of(row.verdict),
                     markdown_text(row.scenario), markdown_text(row.cell), markdown_text(row.metric),
                     f.baseline, f.current + (row.unit.empty() ? "" : " " + markdown_text(row.unit)),
                     f.change, markdown_text(why));
}

void add_table(Page& page, const std::vector<const GateRow*>& rows, std::size_t most) {
  std::size_t shown = 0;
  if (page.add("| verdict | scenario | cell | metric | baseline | current | change | why |\n"
               "|---|---|---|---|--:|--:|--:|---|\n"))
    while (shown < std::min(rows.size(), most) && page.add(row_text(*rows[shown]))) ++shown;
  if (shown < rows.size()) page.close(fmt::format("\n{} more left out here.\n", rows.size() - shown));
}

void add_differences(Page& page, const Json& differences) {
  if (!differences.is_array() || differences.empty()) return;
  if (!page.add("\n<details><summary>Where the traces first differ</summary>\n\n")) return;
  std::size_t shown = 0;
  for (const Json& difference : differences) {
    const std::string text = difference.dump(2, ' ', false, Json::error_handler_t::replace);
    if (!page.add(fmt::format("<pre>{}</pre>\n", html_text(text)))) break;
    ++shown;
  }
  if (shown < differences.size())
    page.close(fmt::format("\n{} more left out here.\n", differences.size() - shown));
  page.close("\n</details>\n");
}

}  // namespace

std::string markdown_text(std::string_view text) {
  const std::string line = shortened(one_line(text), most_cell);
  const auto at = [&](std::size_t i) { return i < line.size() ? static_cast<unsigned char>(line[i]) : '\0'; };
  std::string escaped;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool within = i > 0 && std::isalnum(at(i - 1)) && std::isalnum(at(i + 1));
    const bool link = (c == '/' && i > 0 && at(i - 1) == ':') || (c == '.' && i > 2 && at(i - 1) == 'w');
    if (std::string_view("&<>|*`[]\\~!$").find(c) != std::string_view::npos || (c == '_' && !within) || link)
      escaped += fmt::format("&#{};", static_cast<unsigned>(c));
    else
      escaped += c;
    // GitHub looks for names and numbers in the finished page: only a character between helps.
    if (c == '@' || (c == '#' && std::isdigit(at(i + 1)))) escaped += "&#8203;";
  }
  return escaped;
}

std::string markdown_page(const GateResult& result, std::size_t most_bytes) {
  Page page(most_bytes);
  const std::string line = verdict_line(result), name(name_of(result.verdict));
  page.add(fmt::format("### splitwan gate: {}\n\n{}.\n", name, markdown_text(line.substr(name.size() + 2))));
  std::vector<const GateRow*> differing;
  for (const Verdict verdict : {Verdict::regressed, Verdict::inconclusive, Verdict::improved})
    std::ranges::copy(worst_first(result, verdict), std::back_inserter(differing));
  if (!differing.empty()) {
    page.add("\n");
    add_table(page, differing, most_differing);
  }
  for (std::size_t i = 0; i < result.notes.size(); ++i) {
    const std::string note = shortened(markdown_text(result.notes[i]), most_note);
    if (page.add((i == 0 ? "\n- " : "- ") + note + "\n")) continue;
    page.close(fmt::format("- {} more left out here.\n", result.notes.size() - i));
    break;
  }
  add_differences(page, result.differences);
  if (result.rows.empty()) return page.take();
  std::vector<const GateRow*> all;
  for (const GateRow& row : result.rows) all.push_back(&row);
  if (page.add(fmt::format("\n<details><summary>All {} values</summary>\n\n", all.size()))) {
    add_table(page, all, all.size());
    page.close("\n</details>\n");
  }
  return page.take();
}

}  // namespace splitwan::analysis
