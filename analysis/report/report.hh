// The page people look at, and the same as text for a terminal or a pull request.
#pragma once

#include <optional>
#include <string>

#include "model/fit/latency_model.hh"

namespace splitwan::analysis {

// Everything a report shows, as JSON: {schema_version, kind, source, summary, study (the scenario's own
// summary, or null), model, why_no_model, caveats, usual_condition, projection, validation
// (model/judge/validation.hh), why_no_validation, link, privacy, studied, swept}. Without a model it fits one
// to the runs; where that cannot be, why_no_model says so. `privacy` is privacy_data() or null, `studied`
// studied_data() or null, `swept` a sweep's with_columns() or null; with any of them there may be no runs:
// then source is null and no result is listed.
engine::Json report_data(const model::Study&, const std::optional<model::LatencyModel>&,
                         const engine::Json& privacy = {}, const engine::Json& studied = {},
                         const engine::Json& swept = {});

// One HTML file that needs no network. `data` is in it as <script type="application/json" id="data">.
std::string render_html(const engine::Json& data);
std::string render_markdown(const engine::Json& data);

}  // namespace splitwan::analysis
