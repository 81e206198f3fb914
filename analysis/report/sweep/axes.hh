// What the rows of a sweep differ in, and what they say of each: what is drawn against what.
#pragma once

#include <nlohmann/json.hpp>

#include "analysis/report/sweep/table.hh"
#include "engine/base/json.hh"

namespace splitwan::analysis {

// How an axis is laid out: by numbers, by their ratios, or one value after the other.
enum class Spacing : std::uint8_t { even, log, places };
std::string_view name_of(Spacing);

struct SweepAxis {
  std::string column;
  bool implied = false;                  // no factor: what else tells a cell's rows apart, as its drafters
  std::vector<std::string> values = {};  // in order, each once
  std::vector<std::optional<double>> numbers = {};  // of the values, in `unit`; none where they are words
  std::string unit = {};                            // s, bit/s, B, share or nothing
  Spacing spacing = Spacing::places;
  std::vector<std::size_t> at =
      {};  // of each row, an index into values; unknown: of a failed cell, on an implied axis
};
inline constexpr std::size_t unknown_value = static_cast<std::size_t>(-1);

// Factors of more than one value, and where rows of one cell differ, what they differ in.
std::vector<SweepAxis> axes_of(const SweepTable&);

struct Quantity {
  std::string column, title, unit;
  bool higher_is_better = false;
  std::vector<std::optional<double>> values;  // by row
};
// Columns of numbers that are no axes, and what is computed of them.
std::vector<Quantity> quantities_of(const SweepTable&, const std::vector<SweepAxis>&);

}  // namespace splitwan::analysis
