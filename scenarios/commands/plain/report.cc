#include <algorithm>
#include <cstdio>
#include <memory>

#include "analysis/report/markdown.hh"
#include "analysis/report/privacy_report.hh"
#include "analysis/report/report.hh"
#include "analysis/report/studied.hh"
#include "analysis/report/sweep/swept.hh"
#include "analysis/summary/summary.hh"
#include "analysis/summary/timeline.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "model/fit/live.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/model_tables.hh"
#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/commands/plain/report_beside.hh"
#include "scenarios/console/result.hh"
#include "scenarios/run/summary_table.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

struct ReportOptions {
  std::vector<std::string> traces;
  std::string model, attacks, study, sweep, output, timeline;
  std::string beside;
  bool json = false;
};

// What stands beside traces, or alone.
struct Beside {
  Json privacy, studied, swept;
  std::optional<analysis::Sweep> sweep;

  // By their keys, those that are there.
  std::vector<std::pair<std::string, Json>> parts() const {
    std::vector<std::pair<std::string, Json>> there = {
        {"privacy", privacy}, {"studied", studied}, {"swept", swept}};
    std::erase_if(there, [](const auto& part) { return part.second.is_null(); });
    return there;
  }
};

// The traces' own summary, what attacks recovered, what a study found, what a sweep did, or several of them.
Json summary_of(const model::Study& study, const Beside& beside) {
  const auto parts = beside.parts();
  if (study.runs.empty() && parts.size() == 1) return parts[0].second;
  Json summary = study.runs.empty() ? Json::object() : analysis::summarise(study);
  for (const auto& [key, part] : parts) summary[key] = part;
  return summary;
}

std::string table_of(const std::vector<engine::Run>& runs, const Json& summary, const Beside& beside) {
  return (runs.empty() ? "" : summary_table(summary)) + analysis::markdown::privacy(beside.privacy, false) +
         analysis::markdown::studied(beside.studied) + analysis::markdown::swept(beside.swept);
}

Beside read_beside(const ReportOptions& o) {
  Beside beside;
  if (!o.attacks.empty()) beside.privacy = analysis::privacy_data(analysis::read_attacks(o.attacks));
  if (!o.study.empty()) beside.studied = analysis::studied_data(analysis::read_study(o.study));
  if (!o.sweep.empty()) {
    beside.sweep = analysis::arranged(analysis::read_sweep(o.sweep));
    beside.swept = analysis::swept_data(*beside.sweep);
  }
  return beside;
}

std::string report_text(const std::string& output, const model::Study& study,
                        const std::optional<model::LatencyModel>& model, const Beside& beside) {
  const bool text = output.ends_with(".md");
  const Json swept =
      beside.sweep && !text ? analysis::with_columns(beside.swept, *beside.sweep) : beside.swept;
  const Json data = analysis::report_data(study, model, beside.privacy, beside.studied, swept);
  return text ? analysis::render_markdown(data) : analysis::render_html(data);
}

int run_report(const ReportOptions& o) {
  if (!o.beside.empty()) return run_beside({o.traces, o.beside, o.output, o.json});
  auto inputs = o.traces;
  for (const auto& input : {o.model, o.attacks, o.study, o.sweep}) {
    if (!input.empty()) inputs.push_back(input);
  }
  if (o.traces.empty() && o.attacks.empty() && o.study.empty() && o.sweep.empty())
    throw Error("report: nothing to report on: name a trace, --attacks FILE, --study FILE or --sweep TABLE");
  if (o.traces.empty() && !o.timeline.empty())
    throw Error("report: --timeline draws a trace's steps: name a trace");
  engine::check_output(o.output, inputs);
  engine::check_output(o.timeline, inputs);
  std::optional<model::LatencyModel> model;
  if (!o.model.empty()) model = model::read_model_file(o.model);
  const Beside beside = read_beside(o);
  const model::Study study = model::study_of(read_traces(o.traces));
  const auto& runs = study.runs;
  const Json summary = summary_of(study, beside);
  const bool steps = std::any_of(runs.begin(), runs.end(), [](auto& run) { return !run.steps.empty(); });
  if (!runs.empty() && !steps && (!o.output.empty() || !o.timeline.empty()))
    throw Error("{}: no run in it has steps: nothing to draw (its summary is what report prints)",
                o.traces[0]);
  if (!o.output.empty()) engine::write_file(o.output, report_text(o.output, study, model, beside));
  if (!o.timeline.empty()) engine::write_file(o.timeline, analysis::timeline(runs).dump() + "\n");
  if (o.output != "-") show_result("", o.json, summary, table_of(runs, summary, beside));
  return 0;
}

}  // namespace

void add_report_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<ReportOptions>();
  command.add_option("TRACE", o->traces, "trace files that 'splitwan run -o' wrote, as in trace.jsonl");
  command.add_option("--model", o->model, "model file to project with (default: one fitted to the traces)");
  command.add_option(
      "--attacks", o->attacks,
      "what 'splitwan attack -o' wrote: adds what the server could read; alone, no trace is needed");
  command.add_option("--study", o->study,
                     "what 'splitwan run' wrote of a study, as scenarios/del.json, cascade.json or "
                     "compare-systems.json: adds its charts; alone, no trace is needed");
  command.add_option(
      "--sweep", o->sweep,
      "table that 'splitwan sweep -o' wrote, .csv or .jsonl: draws its cells against each other; "
      "alone, no trace is needed");
  command.add_option(
      "--timeline", o->timeline,
      "also write every party's work and messages as Chrome trace events, for ui.perfetto.dev");
  CLI::Option* beside = command.add_option(
      "--beside", o->beside, "a later trace: draws both side by side, and where they first differ");
  for (const char* other : {"--model", "--attacks", "--study", "--sweep", "--timeline"})
    beside->excludes(other);
  command.add_option("-o,--output", o->output, "report to write: report.html, or report.md for text");
  command.add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command.callback([&chosen, o] { chosen = [o] { return run_report(*o); }; });
}

}  // namespace splitwan::scenarios
