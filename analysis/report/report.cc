#include "analysis/report/report.hh"

#include <algorithm>

#include "analysis/report/page_file.hh"
#include "analysis/report/validation_remarks.hh"
#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/base/types.hh"
#include "model/ask/projection.hh"
#include "model/judge/validation.hh"
#include "model/path/link.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using model::LatencyModel;

constexpr int report_schema_version = 2;

Json about(const engine::RunHeader& h) {
  Json source = source_of(h);
  source["commit"] = h.commit;
  return source;
}

Json source_of(const std::vector<engine::Run>& runs) {
  if (runs.empty()) return {};
  Json source = about(runs[0].header);
  for (const engine::Run& run : runs) {
    const Json other = about(run.header);
    for (auto& [key, value] : source.items()) {
      if (other.value(key, Json()) != value) value = "differs between runs";
    }
  }
  source["runs"] = runs.size();
  return source;
}

// What else the scenario is about, or null.
Json special(const Json& summary) { return summary["kind"] == "summary" ? Json() : summary; }

// The usual link at the RTTs people ask about.
Json projections(const LatencyModel& m) {
  Json points = Json::array();
  model::Condition condition = usual_condition(m);
  for (const double rtt_s : {0.020, 0.040, 0.060, 0.080, 0.100, 0.120, 0.150, 0.200}) {
    condition.rtt_s = rtt_s;
    for (const auto& d : m.drafters) points.push_back(to_json(project(m, condition, d.drafter)));
  }
  return points;
}

void refuse_mixed_sampling(const std::vector<engine::Run>& runs) {
  const auto sampling = [](const engine::Run& run) {
    return run.header.sampling ? to_json(*run.header.sampling) : Json();
  };
  for (const engine::Run& run : runs) {
    if (sampling(run) != sampling(runs[0]))
      throw engine::Error("the runs differ in sampling, and acceptance depends on it");
  }
}

// The model and what is known of its worth: what its file says, or what these runs say of a model fitted to
// them.
void add_model(Json& data, const model::Study& study, std::optional<LatencyModel> m) {
  try {
    if (!m) {
      refuse_mixed_sampling(study.runs);
      const model::Fittable seen = model::fittable(study);
      m = model::fit(seen);
      m->validation = model::validate(*m, seen.steps);
    }
  } catch (const std::exception& e) {
    data[m ? "why_no_validation" : "why_no_model"] = e.what();
  }
  if (!m) return;
  if (m->validation.contains("folds")) {
    data["validation"] = m->validation;
  } else if (data["why_no_validation"].is_null()) {
    data["why_no_validation"] = "the model's file holds no validation";
  }
  data["validation_remarks"] = validation_remarks(data["validation"]);
  m->validation = Json::object();  // the page has it once
  data["model"] = to_json(*m);
  data["caveats"] = caveats(*m);
  data["usual_condition"] = to_json(usual_condition(*m));
  data["projection"] = projections(*m);
}

}  // namespace

Json report_data(const model::Study& study, const std::optional<LatencyModel>& m, const Json& privacy,
                 const Json& studied, const Json& swept) {
  const std::vector<engine::Run>& runs = study.runs;
  const Json summary = summarise(study);
  if (runs.empty() && privacy.is_null() && studied.is_null() && swept.is_null())
    throw engine::Error("no runs to report on");
  Json data = {{"schema_version", report_schema_version},
               {"kind", "report"},
               {"source", source_of(runs)},
               {"summary", summary["kind"] == "summary" ? summary : decoding_summary(study)},
               {"study", special(summary)},
               {"model", Json()},
               {"why_no_model", Json()},
               {"caveats", Json::array()},
               {"usual_condition", Json()},
               {"projection", Json::array()},
               {"validation", Json()},
               {"why_no_validation", Json()},
               {"validation_remarks", Json::array()},
               {"link",
                {{"segment_bytes", model::segment_bytes},
                 {"framing_bytes", model::framing_bytes},
                 {"prefill_rows", engine::prefill_rows}}},
               {"privacy", privacy},
               {"studied", studied},
               {"swept", swept}};
  if (!runs.empty() || m) add_model(data, study, m);
  return data;
}

std::string render_html(const Json& data) { return page_file("page_html", {}, data); }

}  // namespace splitwan::analysis
