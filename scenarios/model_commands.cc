#include "scenarios/model_commands.hh"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "analysis/report.hh"
#include "analysis/summary.hh"
#include "analysis/timeline.hh"
#include "engine/error.hh"
#include "engine/output_file.hh"
#include "engine/units.hh"
#include "model/cross_validate.hh"
#include "scenarios/model_tables.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

struct Options {
  std::vector<std::string> traces, drafters;
  std::string model, output, timeline, rtt = "20ms,40ms,60ms,80ms,100ms,120ms,150ms,200ms", bandwidth, up, down;
  bool json = false;
};

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths) {
  std::vector<engine::Run> runs;
  for (const std::string& path : paths) {
    for (engine::Run& run : engine::read_trace_file(path)) runs.push_back(std::move(run));
  }
  return runs;
}

std::string file_text(const Json& j) { return j.dump(2) + "\n"; }

// Results go to stdout: as one object for programs, as a table for people.
void print(const Options& o, const Json& j, const std::string& table) {
  const std::string text = o.json ? file_text(j) : table;
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int run_fit(const Options& o) {
  engine::check_output(o.output, o.traces);
  const auto runs = read_traces(o.traces);
  model::LatencyModel model = model::fit(runs);
  model.cross_validation = model::cross_validate_all(model::observe(runs));
  const Json j = to_json(model);
  engine::write_file(o.output, file_text(j));
  if (o.output != "-") print(o, j, fit_table(model));
  return 0;
}

double rate(const std::string& text) {
  const double bps = engine::parse_rate(text);
  if (bps <= 0) throw Error("'{}' lets nothing through: expected a rate above 0, as in 100Mbit", text);
  return bps;
}

int run_project(const Options& o) {
  engine::check_output(o.output, std::vector{o.model});
  const model::LatencyModel model = model::read_model_file(o.model);
  model::Condition condition = usual_condition(model);
  condition.network.clear();
  if (!o.bandwidth.empty()) condition.up_bps = condition.down_bps = rate(o.bandwidth);
  if (!o.up.empty()) condition.up_bps = rate(o.up);
  if (!o.down.empty()) condition.down_bps = rate(o.down);
  std::vector<std::string> drafters = o.drafters;
  if (drafters.empty()) {
    for (const auto& d : model.drafters) drafters.push_back(d.drafter);
  }
  std::vector<model::Point> points;
  Json j = {{"schema_version", 1}, {"points", Json::array()}};
  for (const std::string& rtt : engine::split_list(o.rtt)) {
    condition.rtt_s = std::chrono::duration<double>(engine::parse_duration(rtt)).count();
    for (const std::string& drafter : drafters) {
      j["points"].push_back(to_json(points.emplace_back(project(model, condition, drafter))));
    }
  }
  if (!o.output.empty()) engine::write_file(o.output, file_text(j));
  if (o.output != "-") print(o, j, projection_table(points));
  return 0;
}

int run_report(const Options& o) {
  auto inputs = o.traces;
  if (!o.model.empty()) inputs.push_back(o.model);
  engine::check_output(o.output, inputs);
  engine::check_output(o.timeline, inputs);
  std::optional<model::LatencyModel> model;
  if (!o.model.empty()) model = model::read_model_file(o.model);
  const auto runs = read_traces(o.traces);
  const Json summary = analysis::summarise(runs);
  const bool steps = std::any_of(runs.begin(), runs.end(), [](auto& run) { return !run.steps.empty(); });
  if (!steps && (!o.output.empty() || !o.timeline.empty()))
    throw Error("{}: no run in it has steps: nothing to draw (its summary is what report prints)", o.traces[0]);
  if (!o.output.empty()) {
    const Json data = analysis::report_data(runs, model);
    engine::write_file(
        o.output, o.output.ends_with(".md") ? analysis::render_markdown(data) : analysis::render_html(data));
  }
  if (!o.timeline.empty()) engine::write_file(o.timeline, analysis::timeline(runs).dump() + "\n");
  if (o.output != "-") print(o, summary, summary_table(summary));
  return 0;
}

CLI::App* add(CLI::App& app, std::function<int()>& chosen, const std::string& name, const std::string& help,
              int (*run)(const Options&), const std::shared_ptr<Options>& o) {
  CLI::App* command = app.add_subcommand(name, help);
  command->add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command->callback([&chosen, run, o] { chosen = [run, o] { return run(*o); }; });
  return command;
}

void add_traces(CLI::App& command, Options& o) {
  command.add_option("TRACE", o.traces, "trace files that 'splitwan run -o' wrote, as in trace.jsonl")
      ->required();
}

}  // namespace

void add_model_commands(CLI::App& app, std::function<int()>& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* fit = add(app, chosen, "fit",
                      "fit a latency model to traces, and validate it on conditions held out", run_fit, o);
  add_traces(*fit, *o);
  fit->add_option("-o,--output", o->output, "model file to write, as in model.json ('-': stdout)")
      ->required();

  o = std::make_shared<Options>();
  CLI::App* project =
      add(app, chosen, "project", "tokens per second on other networks, with 90 % intervals", run_project, o);
  project->add_option("MODEL", o->model, "model file that 'splitwan fit' wrote")->required();
  project->add_option("--rtt", o->rtt, "round-trip times with unit, as in 20ms,80ms")->capture_default_str();
  auto* both =
      project->add_option("--bandwidth", o->bandwidth,
                          "rate of both directions, as in 100Mbit (default: what most fitted runs had)");
  project->add_option("--up", o->up, "rate from client to server, as in 20Mbit")->excludes(both);
  project->add_option("--down", o->down, "rate from server to client, as in 100Mbit")->excludes(both);
  project
      ->add_option("--drafter", o->drafters,
                   "decoding to project, as in ngram; may be repeated (default: all)")
      ->allow_extra_args(false);
  project->add_option("-o,--output", o->output, "also write the JSON result to this file");

  o = std::make_shared<Options>();
  CLI::App* report =
      add(app, chosen, "report", "what traces say: a page for people (-o) and a summary", run_report, o);
  add_traces(*report, *o);
  report->add_option("--model", o->model, "model file to project with (default: one fitted to the traces)");
  report->add_option("--timeline", o->timeline,
                     "also write every party's work and messages as Chrome trace events, for ui.perfetto.dev");
  report->add_option("-o,--output", o->output, "report to write: report.html, or report.md for text");
}

}  // namespace splitwan::scenarios
