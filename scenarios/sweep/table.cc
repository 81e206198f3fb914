#include "scenarios/sweep/table.hh"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/plain_text.hh"

namespace splitwan::scenarios {
namespace {

// Field names in the order in which rows have them: one that is new stands behind the one before it in its
// row.
class Columns {
 public:
  explicit Columns(const std::vector<std::string>& keys) : taken_(keys.begin(), keys.end()) {
    for (const char* ours : {"cell", "hash", "status", "reason"}) taken_.insert(ours);
  }
  void add(const Json& row) {
    auto at = names_.begin();
    for (const auto& [name, value] : row.items()) {
      if (taken_.contains(name)) continue;
      if (at != names_.end() && *at == name) {
        ++at;
        continue;
      }
      const auto known = std::find(names_.begin(), names_.end(), name);
      at = known == names_.end() ? names_.insert(at, name) + 1 : known + 1;
    }
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::set<std::string> taken_;
  std::vector<std::string> names_;
};

const Json& field(const Json& row, const std::string& name) {
  static const Json none;
  const auto at = row.find(name);
  return at == row.end() ? none : *at;
}

// Calls `use` with each row of each cell; one that failed has a row without figures.
template <typename Use>
void each_row(const std::vector<CellResult>& cells, Use&& use) {
  for (const CellResult& cell : cells) {
    if (!cell.ok()) {
      use(cell, Json::object());
      continue;
    }
    for (const Json& row : Json::parse(cell.rows)) use(cell, row);
  }
}

}  // namespace

std::string csv_cell(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  const std::string text = value.is_string() ? engine::csv_text(value.get<std::string>()) : value.dump();
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string table_text(const std::string& path, const std::vector<std::string>& keys,
                       const std::vector<CellResult>& cells) {
  Columns columns(keys);
  each_row(cells, [&](const CellResult&, const Json& row) { columns.add(row); });
  std::vector<std::string> names{"cell", "hash"};
  for (const auto* more : {&keys, &columns.names()}) names.insert(names.end(), more->begin(), more->end());
  names.insert(names.end(), {"status", "reason"});

  const bool lines = path.ends_with(".jsonl");
  std::string text;
  for (const std::string& name : names)
    if (!lines) text += (text.empty() ? "" : ",") + csv_cell(name);
  if (!lines) text += "\n";
  each_row(cells, [&](const CellResult& cell, const Json& row) {
    Json line;
    line["cell"] = cell.cell;
    line["hash"] = cell.hash;
    for (const std::string& key : keys)
      line[key] = field(cell.factors.contains(key) ? cell.factors : row, key);
    for (const std::string& name : columns.names()) line[name] = field(row, name);
    line["status"] = cell.ok() ? "ok" : "failed";
    line["reason"] = cell.ok() ? Json() : Json(cell.reason);
    if (lines) {
      text += line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
      return;
    }
    bool first = true;
    for (const auto& [name, value] : line.items()) {
      if (!std::exchange(first, false)) text += ',';
      text += csv_cell(value);
    }
    text += "\n";
  });
  return text;
}

std::size_t rows_in(const std::vector<CellResult>& cells) {
  std::size_t rows = 0;
  each_row(cells, [&](const CellResult&, const Json&) { ++rows; });
  return rows;
}

std::string label_of(std::size_t cell, const Json& factors) {
  std::string text;
  for (const auto& [key, value] : factors.items())
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key,
                        value.is_string() ? value.get<std::string>() : value.dump());
  return text.empty() ? fmt::format("cell {}", cell)
                      : fmt::format("cell {} ({})", cell, engine::one_line(text));
}

}  // namespace splitwan::scenarios
