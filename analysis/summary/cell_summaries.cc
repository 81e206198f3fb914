// Summaries that lay figures of several sources side by side.
#include "analysis/summary/summary.hh"
#include "model/observe/observation.hh"

namespace splitwan::analysis {

using engine::Json;

// Our figures beside those that a system's makers published, per model, mode and rate.
Json published_summary(const model::Study& study) {
  const std::vector<engine::Run>& runs = study.runs;
  struct Sums {
    double tokens = 0, total_s = 0, network_s = 0, steps = 0, rows = 0;
  };
  std::vector<Sums> sums(runs.size());
  for (const auto& o : study.steps) {
    if (o.prefill) continue;
    Sums& s = sums[o.run];
    s.tokens += o.accepted;
    s.total_s += o.total_s;
    s.network_s += o.network_s;
    s.rows += o.rows;
    ++s.steps;
  }
  Json j = {{"schema_version", summary_schema_version}, {"kind", "published"}, {"cells", Json::array()}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const engine::RunHeader& header = runs[i].header;
    const Json published = header.published.is_object() ? header.published : Json::object();
    const std::string& mode = header.drafter;
    const Json condition = to_json(model::condition_of(header.network));
    const Json figures = published.value(mode, Json::object());
    const Sums& s = sums[i];
    const auto per_step = [&](double sum) { return s.steps > 0 ? Json(sum / s.steps) : Json(); };
    j["cells"].push_back({{"model", published.value("model", "")},
                          {"mode", mode},
                          {"rate_bps", condition["up_bps"]},
                          {"tokens_per_s", s.total_s > 0 ? Json(s.tokens / s.total_s) : Json()},
                          {"published_tokens_per_s", figures.value("tokens_per_s", Json())},
                          {"network_s", per_step(s.network_s)},
                          {"published_network_s", figures.value("network_s", Json())},
                          {"rtt_s", condition["rtt_s"]},
                          {"tokens_per_step", per_step(s.tokens)},
                          {"rows_per_step", per_step(s.rows)}});
  }
  return j;
}

// What `validate` found: its cells as they are, and how far apart theory, ns-3 and kernel lie.
Json link_validation(const model::Study& study) {
  Json j = {
      {"schema_version", summary_schema_version}, {"kind", "link-validation"}, {"cells", Json::array()}};
  for (const engine::Run& run : study.runs) {
    Json cell = run.header.cell.is_object() ? run.header.cell : Json::object();
    const auto against = [&](const char* other) {
      const bool both = cell.contains(other) && cell[other].is_number() && cell[other].get<double>() > 0;
      return both ? Json(cell["ns3_s"].get<double>() / cell[other].get<double>() - 1) : Json();
    };
    cell["ns3_over_theory"] = against("theory_s");
    cell["ns3_over_kernel"] = against("kernel_s");
    j["cells"].push_back(std::move(cell));
  }
  return j;
}

}  // namespace splitwan::analysis
