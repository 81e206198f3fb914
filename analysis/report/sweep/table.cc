#include "analysis/report/sweep/table.hh"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "analysis/report/sweep/text.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;

const std::vector<std::string> must_be_there = {"cell", "hash", "status", "reason"};
const std::set<std::string> always_numbers = {"rtt_s",
                                              "up_bps",
                                              "down_bps",
                                              "loss",
                                              "plan.head",
                                              "plan.middle",
                                              "plan.tail",
                                              "runs",
                                              "steps",
                                              "tokens",
                                              "tokens_per_s",
                                              "tokens_per_s_half_width",
                                              "tokens_per_step",
                                              "rows_per_step",
                                              "acceptance",
                                              "bytes_up",
                                              "bytes_down",
                                              "round_trips",
                                              "time_to_first_token_s",
                                              "step.client_s",
                                              "step.server_s",
                                              "step.network_s",
                                              "step.wire_s",
                                              "step.overhead_s",
                                              "step.total_s"};

std::size_t place_of(const SweepText& text, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(text.names, name) - text.names.begin());
}

void check_names(const SweepText& text) {
  for (const std::string& name : must_be_there)
    if (place_of(text, name) == text.names.size())
      throw Error("{}:1: expected a column '{}' as 'splitwan sweep' writes it, found none", text.path, name);
  if (place_of(text, "cell") != 0 || place_of(text, "hash") != 1)
    throw Error("{}:1: expected 'cell' and 'hash' before all other columns, found '{}', '{}'", text.path,
                text.names[0], text.names[1]);
  if (text.records.empty()) throw Error("{}: expected at least one row, found none", text.path);
}

// What runs say begins with the network and its round-trip time; where every cell failed, they say nothing. A
// factor may be called network as well.
std::size_t end_of_factors(const SweepText& text) {
  const std::size_t rtt = std::min(place_of(text, "rtt_s"), place_of(text, "status"));
  return rtt > 2 && text.names[rtt - 1] == "network" ? rtt - 1 : rtt;
}

// What a run says of a factor's own name is in the factor already.
std::vector<std::size_t> kept_columns(const SweepText& text, std::size_t factors_end) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 2; i < text.names.size(); ++i) {
    const std::string& name = text.names[i];
    const std::size_t first = place_of(text, name);
    if (first < i && (i < factors_end || first >= factors_end))
      throw Error("{}:1: expected each column once, found a second '{}'", text.path, name);
    if (first == i && name != "status" && name != "reason") kept.push_back(i);
  }
  return kept;
}

bool reads_as_numbers(const SweepText& text, std::size_t index) {
  bool some = false;
  for (const SweepRecord& row : text.records) {
    const std::string& cell = row.cells[index];
    if (cell.empty()) continue;
    if (!finite_number(cell)) return false;
    some = true;
  }
  return some;
}

SweepColumn column_of(const SweepText& text, std::size_t index, bool factor) {
  SweepColumn column{text.names[index], false, {}, {}};
  const bool must = !factor && always_numbers.contains(column.name);
  column.numeric = must || (!factor && reads_as_numbers(text, index));
  for (const SweepRecord& row : text.records) {
    const std::string& cell = row.cells[index];
    if (!column.numeric) {
      column.words.push_back(cell);
      continue;
    }
    column.numbers.push_back(finite_number(cell));
    if (!cell.empty() && !column.numbers.back())
      refuse_cell(text.path, row.line, column.name, "a number or nothing", cell);
  }
  return column;
}

bool is_failed(const SweepText& text, const SweepRecord& row, std::size_t index) {
  const std::string& status = row.cells[index];
  if (status != "ok" && status != "failed")
    refuse_cell(text.path, row.line, "status", "ok or failed", status);
  return status == "failed";
}

}  // namespace

std::optional<double> finite_number(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc{} || stop != end || !std::isfinite(number)) return {};
  return number;
}

const SweepColumn* SweepTable::find(const std::string& name) const {
  const auto found = std::ranges::find(columns, name, &SweepColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

SweepTable read_sweep(const std::string& path) {
  const std::string bytes = engine::read_text_file(path);
  const SweepText text = bytes.starts_with("{") ? read_sweep_lines(bytes, path) : read_sweep_csv(bytes, path);
  check_names(text);
  const std::size_t factors_end = end_of_factors(text);
  SweepTable table{path, text.records.size(), {}, {}, {}, {}, {}};
  for (const std::size_t i : kept_columns(text, factors_end)) {
    if (i < factors_end) table.factors.push_back(text.names[i]);
    table.columns.push_back(column_of(text, i, i < factors_end));
  }
  const std::size_t status = place_of(text, "status"), reason = place_of(text, "reason");
  for (const SweepRecord& row : text.records) {
    table.cells.push_back(row.cells[0]);
    table.failed.push_back(is_failed(text, row, status));
    table.reasons.push_back(row.cells[reason]);
  }
  return table;
}

}  // namespace splitwan::analysis
