// The parts of report.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/error.hh"
#include "engine/base/json.hh"
#include "engine/base/json_table.hh"

namespace splitwan::analysis::markdown {

using engine::Json;
using engine::number_cell;

inline std::string ms(const Json& seconds, int digits = 1) { return number_cell(seconds, 1e3, digits); }
inline std::string percent(const Json& fraction, int digits = 2) {
  return fraction.is_number() ? number_cell(fraction, 100, digits) + " %" : "-";
}
// The same data, in which no text is markup or HTML, whoever wrote it: what a page begins with.
Json escaped(const Json& data);

inline std::string text(const Json& v) { return v.is_string() ? v.get<std::string>() : v.dump(); }

std::string guessing(const Json& study);   // of an "ablation"; nothing of any other
std::string validation(const Json& data);  // of a report
// Of privacy_data(), nothing of null; `every_cell`: also those with defences, and every measure.
std::string privacy(const Json& privacy, bool every_cell = true);
std::string studied(const Json& studied);  // of studied_data(), nothing of null
std::string swept(const Json& swept);      // of swept_data(), nothing of null

}  // namespace splitwan::analysis::markdown
