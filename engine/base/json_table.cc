#include "engine/base/json_table.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace splitwan::engine {

std::string number_cell(const Json& value, double scale, int digits) {
  return value.is_number() ? fmt::format("{:.{}f}", value.get<double>() * scale, digits) : "-";
}

}  // namespace splitwan::engine
