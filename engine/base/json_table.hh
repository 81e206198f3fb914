// A value of a result as a cell of a text table.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::engine {

std::string number_cell(const Json& value, double scale, int digits);  // "-" when it is no number

}  // namespace splitwan::engine
