// The tidy table: a row per result, that pandas, R and the report read as it is.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;

constexpr int sweep_schema_version = 1;

// What became of a cell of a design.
struct CellResult {
  std::size_t cell = 0;  // in the whole design, from 0 on
  std::string hash;
  Json factors;        // {key: value, ..}
  std::string rows;    // JSON, as rows_of() gives them; empty: it failed
  std::string reason;  // why
  bool ok() const { return reason.empty(); }
};

// As JSON lines where the path ends so, else as CSV (RFC 4180's quotes; lines end in LF). Columns: cell,
// hash, one per key of the design, the rows' fields (one that is a key stands there, where the cell does not
// set it), status, reason. `cells` are in order.
std::string table_text(const std::string& path, const std::vector<std::string>& keys,
                       const std::vector<CellResult>& cells);
std::size_t rows_in(const std::vector<CellResult>& cells);

std::string csv_cell(const Json& value);

// "cell 17 (network.rtt=20ms, network.loss=0.01)"
std::string label_of(std::size_t cell, const Json& factors);

}  // namespace splitwan::scenarios
