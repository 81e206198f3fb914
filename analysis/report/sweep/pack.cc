// Columns as the page carries them: 10,000 rows would else be ten megabytes of digits.
#include <algorithm>
#include <array>
#include <bit>
#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <unordered_map>

#include "analysis/report/sweep/swept.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;

std::string base64(const std::string& bytes) {
  using namespace boost::archive::iterators;
  using Digits = base64_from_binary<transform_width<std::string::const_iterator, 6, 8>>;
  std::string text(Digits(bytes.begin()), Digits(bytes.end()));
  return text.append((3 - bytes.size() % 3) % 3, '=');
}

// The lowest byte first.
void append_bytes(std::string& bytes, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

Json packed_indices(const std::vector<std::size_t>& at, std::size_t values) {
  const int width = values < 0xff ? 1 : values < 0xffff ? 2 : 4;
  std::string bytes;
  for (const std::size_t i : at) append_bytes(bytes, i, width);  // unknown_value: all ones
  return {{fmt::format("u{}", 8 * width), base64(bytes)}};
}

Json packed_numbers(const std::vector<std::optional<double>>& numbers) {
  if (std::ranges::all_of(numbers, [&](auto& n) { return n == numbers[0]; }))
    return {{"all", numbers[0] ? Json(*numbers[0]) : Json()}};
  Json list = Json::array();
  std::string bytes;
  for (const auto& n : numbers) {
    list.push_back(n ? Json(*n) : Json());
    append_bytes(bytes, std::bit_cast<std::uint64_t>(n.value_or(std::numeric_limits<double>::quiet_NaN())),
                 8);
  }
  std::string binary = base64(bytes);
  return list.dump().size() < binary.size() ? Json{{"list", std::move(list)}}
                                            : Json{{"f64", std::move(binary)}};
}

Json packed_words(const std::vector<std::string>& words) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<std::string> values;
  std::vector<std::size_t> at;
  for (const std::string& word : words) {
    const auto [found, fresh] = places.try_emplace(word, values.size());
    if (fresh) values.push_back(word);
    at.push_back(found->second);
  }
  if (values.size() == 1) return {{"all", values[0]}};
  if (2 * values.size() > words.size()) return {{"list", words}};
  Json packed = packed_indices(at, values.size());
  packed["of"] = values;
  return packed;
}

}  // namespace

Json with_columns(Json swept, const Sweep& sweep) {
  const SweepTable& table = sweep.table;
  Json failed = Json::array();  // rows
  for (std::size_t row = 0; row < table.rows; ++row)
    if (table.failed[row]) failed.push_back(row);
  swept["failed_rows"] = std::move(failed);
  swept["cell_names"] = packed_words(table.cells);
  for (std::size_t i = 0; i < sweep.axes.size(); ++i)
    swept["axes"][i]["at"] = packed_indices(sweep.axes[i].at, sweep.axes[i].values.size());
  for (std::size_t i = 0; i < sweep.quantities.size(); ++i)
    swept["quantities"][i]["rows"] = packed_numbers(sweep.quantities[i].values);
  swept["others"] = Json::object();  // columns that are neither
  for (const SweepColumn& column : table.columns) {
    const auto is = [&](const auto& list, auto member) {
      return std::ranges::find(list, column.name, member) != list.end();
    };
    if (is(sweep.axes, &SweepAxis::column) || is(sweep.quantities, &Quantity::column)) continue;
    swept["others"][column.name] =
        column.numeric ? packed_numbers(column.numbers) : packed_words(column.words);
  }
  return swept;
}

}  // namespace splitwan::analysis
