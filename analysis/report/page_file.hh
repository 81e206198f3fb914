// Pages that are one file: a template with {{name}} where another file's text goes.
#pragma once

#include <string>
#include <vector>

#include "analysis/report/report_assets.hh"
#include "engine/base/json.hh"

namespace splitwan::analysis {

// The page called `name`, of the report's files and `more`, carrying `data` as {{data}}.
std::string page_file(std::string_view name, std::vector<Asset> more, const engine::Json& data);

}  // namespace splitwan::analysis
