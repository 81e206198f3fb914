#include "scenarios/imports/link_csv.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/nearest.hh"
#include "engine/base/units.hh"
#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

using netsim::LinkTime;

const std::vector<std::string> known_columns = {"time", "rate_mbps", "delay_ms", "loss", "down"};

class LinkTable {
 public:
  LinkTable(const std::string& path, const netsim::LinkSpec& link) : path_(path), link_(link), row_(link) {}
  netsim::LinkSpec read();

 private:
  void read_header(std::string_view line);
  void read_row(std::string_view line);
  void read_cell(const std::string& column, std::string_view cell);
  double number(std::string_view cell, const std::string& expected, double low, double high) {
    const auto value = plain_number(cell);
    if (!value || *value < low || *value > high) refuse(expected, in_quotes(cell));
    return *value;
  }
  [[noreturn]] void refuse(std::string_view expected, std::string_view found) {
    refuse_line(path_, line_, expected, found);
  }

  const std::string path_;
  netsim::LinkSpec link_;
  netsim::LinkState row_;  // as of the row that is read
  LinkTime at_{-1};        // its time
  std::size_t line_ = 0;
  std::vector<std::string> columns_;
};

netsim::LinkSpec LinkTable::read() {
  if (!link_.schedule.empty()) throw engine::Error("{}: expected a link without a schedule yet", path_);
  for (const std::string& line : read_lines(path_)) {
    ++line_;
    const std::string_view text = trimmed(line);
    if (text.empty() || text[0] == '#') continue;
    columns_.empty() ? read_header(text) : read_row(text);
  }
  if (columns_.empty()) refuse_line(path_, 1, "a line of column names, as time,rate_mbps", "none");
  if (at_ < LinkTime{}) refuse_line(path_, line_ + 1, "a row of numbers", "the end");
  return std::move(link_);
}

void LinkTable::read_header(std::string_view line) {
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);  // spreadsheets begin with it
  for (const std::string& cell : engine::split_list(line)) {
    const std::string name(trimmed(cell));
    if (std::ranges::find(known_columns, name) == known_columns.end()) {
      const std::string near = engine::nearest(name, known_columns);
      refuse(fmt::format("columns of {}", fmt::join(known_columns, ", ")),
             in_quotes(name) + (near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
    }
    if (std::ranges::find(columns_, name) != columns_.end())
      refuse("each column once", fmt::format("a second {}", name));
    columns_.push_back(name);
  }
  if (std::ranges::find(columns_, "time") == columns_.end()) refuse("a column time", in_quotes(line));
  if (columns_.size() == 1)
    refuse("a column beside time: rate_mbps, delay_ms, loss or down", in_quotes(line));
  if (!link_.opportunities.empty() && std::ranges::find(columns_, "rate_mbps") != columns_.end())
    refuse("no rate_mbps on a link of delivery opportunities", "one");
}

void LinkTable::read_row(std::string_view line) {
  const std::vector<std::string> cells = engine::split_list(line);
  if (cells.size() != columns_.size())
    refuse(fmt::format("{} cells", columns_.size()), std::to_string(cells.size()));
  const LinkTime before = at_;
  for (std::size_t i = 0; i < cells.size(); ++i) read_cell(columns_[i], trimmed(cells[i]));
  if (at_ <= before)
    refuse(fmt::format("a time later than {} s", static_cast<double>(before.count()) / 1e9),
           fmt::format("{} s", static_cast<double>(at_.count()) / 1e9));
  if (at_ == LinkTime{}) {
    static_cast<netsim::LinkState&>(link_) = row_;
  } else {
    link_.schedule.push_back({at_, row_});
  }
}

// The bounds are link_json.cc's.
void LinkTable::read_cell(const std::string& column, std::string_view cell) {
  if (column == "time") {
    at_ = LinkTime(std::llround(1e9 * number(cell, "a time in seconds, up to 100 days", 0, 8.64e6)));
  } else if (cell.empty()) {
    return;
  } else if (column == "rate_mbps") {
    row_.bits_per_second =
        1e6 * number(cell, "a rate in Mbit/s from 1e-6 to 1e9 (for none: a column down)", 1e-6, 1e9);
  } else if (column == "delay_ms") {
    row_.delay = LinkTime(std::llround(1e6 * number(cell, "a delay in ms, up to an hour", 0, 3.6e6)));
  } else if (column == "loss") {
    row_.loss = number(cell, "a loss from 0 to below 1", 0, std::nextafter(1.0, 0.0));
  } else {
    if (cell != "0" && cell != "1" && cell != "true" && cell != "false")
      refuse("down as 0 or 1", in_quotes(cell));
    row_.down = cell == "1" || cell == "true";
    if (row_.down && !link_.opportunities.empty())
      refuse("no down time on a link of delivery opportunities", in_quotes(cell));
  }
}

}  // namespace

void apply_csv(const std::string& path, netsim::LinkSpec& link) { link = LinkTable(path, link).read(); }

}  // namespace splitwan::scenarios
