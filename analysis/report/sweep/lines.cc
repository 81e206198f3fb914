#include <algorithm>

#include "analysis/report/sweep/text.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error, engine::Json;

std::string as_text(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());  // as in a CSV
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Json object_of(std::string_view line, const std::string& path, std::size_t number) {
  if (engine::nests_too_deeply(line))
    throw Error("{}:{}: not valid here: JSON nested over 100 deep", path, number);
  const Json object = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object())
    throw Error("{}:{}: expected a JSON object, found '{}'", path, number, line.substr(0, 60));
  return object;
}

void add_record(SweepText& table, const Json& object, std::size_t line) {
  SweepRecord row{line, {}};
  for (const std::string& name : table.names) {
    const auto found = object.find(name);
    if (found == object.end())
      throw Error("{}:{}: column '{}': expected a value as in the first line, found none", table.path, line,
                  name);
    row.cells.push_back(as_text(*found));
  }
  for (const auto& [key, _] : object.items())
    if (std::ranges::find(table.names, key) == table.names.end())
      throw Error("{}:{}: expected the first line's columns, found another: '{}'", table.path, line, key);
  table.records.push_back(std::move(row));
}

}  // namespace

SweepText read_sweep_lines(std::string_view text, const std::string& path) {
  SweepText table{path, {}, {}};
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const Json object = object_of(text.substr(0, end), path, line);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line == 1)
      for (const auto& [key, _] : object.items()) table.names.push_back(key);
    add_record(table, object, line);
  }
  return table;
}

}  // namespace splitwan::analysis
