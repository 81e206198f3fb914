#include "scenarios/sweep/said.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/base/plain_text.hh"

namespace splitwan::scenarios {

Json failed_cells(const std::vector<CellResult>& cells) {
  Json list = Json::array();
  for (const CellResult& cell : cells)
    if (!cell.ok())
      list.push_back(
          {{"cell", cell.cell}, {"hash", cell.hash}, {"factors", cell.factors}, {"reason", cell.reason}});
  return list;
}

std::string failed_lines(const std::vector<CellResult>& cells) {
  constexpr std::size_t most = 20;
  std::size_t failed = 0;
  std::string lines;
  for (const CellResult& cell : cells)
    if (!cell.ok() && failed++ < most)
      lines +=
          fmt::format("failed: {}: {}\n", label_of(cell.cell, cell.factors), engine::one_line(cell.reason));
  return failed > most ? lines + fmt::format("and {} more: see status in the table\n", failed - most) : lines;
}

}  // namespace splitwan::scenarios
