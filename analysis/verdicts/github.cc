#include "analysis/verdicts/github.hh"

#include <fmt/format.h>

#include "analysis/verdicts/markdown.hh"
#include "analysis/verdicts/words.hh"
#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

// As @actions/core's command.ts: the message's characters, and a property's.
std::string command_text(std::string_view text, bool property) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
      escaped += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      escaped += c;
  }
  return escaped;
}

std::string command(std::string_view type, std::string_view title, std::string_view message) {
  return fmt::format("::{} title={}::{}\n", type, command_text(title, true), command_text(message, false));
}

constexpr std::size_t most_message = 4096;  // bytes

}  // namespace

std::string step_summary(const GateResult& result, std::size_t most_bytes) {
  return markdown_page(result, most_bytes);
}

std::string annotations(const GateResult& result) {
  std::string text;
  for (const auto& [outcome, type] : {std::pair{Verdict::regressed, "error"},
                                      {Verdict::inconclusive, "warning"},
                                      {Verdict::improved, "notice"}}) {
    const auto rows = worst_first(result, outcome);
    const std::size_t shown = rows.size() <= most_annotations ? rows.size() : most_annotations - 1;
    for (std::size_t i = 0; i < shown; ++i) {
      const GateRow& row = *rows[i];
      const std::string where =
          engine::one_line(row.cell.empty() ? row.scenario : row.scenario + ", " + row.cell);
      text += command(type, fmt::format("{}: {}", name_of(row.verdict), engine::one_line(row.metric)),
                      engine::shortened(fmt::format("{}: {}", where, sentence(row)), most_message));
    }
    if (shown < rows.size())
      text += command(type, fmt::format("{}: more", name_of(outcome)),
                      fmt::format("and {} more, less changed than these", rows.size() - shown));
  }
  return text;
}

}  // namespace splitwan::analysis
