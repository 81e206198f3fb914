#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "analysis/gate/compare.hh"
#include "analysis/sides/sides.hh"
#include "analysis/verdicts/console.hh"
#include "analysis/verdicts/outputs.hh"
#include "analysis/verdicts/words.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/gate/baseline_update.hh"
#include "scenarios/gate/gate_runs.hh"
#include "scenarios/gate/measured.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

using analysis::GateResult;
using analysis::Verdict;
using engine::Error;
using engine::Json;

struct GateOptions {
  std::vector<std::string> scenarios, allow;
  std::string baseline;
  analysis::OutputsChosen outputs;
  std::size_t jobs = 0;
  MeasuredOptions measured;
  bool strict = false, update = false, all = false, json = false;
};

// Of what is in virtual time, where the baseline was just taken to it, nothing is wrong any more.
int exit_code_of(const GateResult& result) {
  std::vector<analysis::GateRow> counted = result.rows;
  if (result.updated) std::erase_if(counted, [](const auto& row) { return !row.other_build; });
  if (result.updated && counted.empty()) return 0;
  for (auto& row : counted) row.verdict = outcome_of(result, row);
  switch (analysis::worst_of(counted)) {
    case Verdict::regressed:
      return 1;
    case Verdict::inconclusive:
      return 3;
    default:
      return 0;
  }
}

struct Compared {
  GateResult result;
  std::vector<analysis::ScenarioRecord> before, now;
};

// Where the baseline is to be taken to them, what it does not have yet is as it will be.
GateResult verdict_on(const GateOptions& o, const std::vector<analysis::ScenarioRecord>& records,
                      analysis::Baseline& baseline, const analysis::Allowances& allowances) {
  std::vector<std::string> added;
  for (const auto& record : records) {
    if (!o.update || baseline.find(record.name)) continue;
    baseline.put(record);
    added.push_back(fmt::format("{} is new in the baseline", record.name));
  }
  GateResult result = analysis::compare(baseline, records, allowances, o.baseline);
  result.strict = o.strict;
  if (o.strict && !o.update) {
    for (const auto& scenario : baseline.scenarios)
      if (std::ranges::find(records, scenario.name, &analysis::ScenarioRecord::name) == records.end())
        result.rows.push_back({.scenario = scenario.name,
                               .metric = "scenario",
                               .verdict = Verdict::inconclusive,
                               .reason = "is in the baseline and was not run"});
    result.verdict = analysis::worst_of(result.rows);
  }
  result.notes.insert(result.notes.end(), added.begin(), added.end());
  return result;
}

// Runs them and compares with the baseline; takes it to them where asked.
Compared against_baseline(const GateOptions& o, const analysis::Allowances& allowances) {
  analysis::Baseline baseline;
  if (!o.update || std::filesystem::exists(o.baseline)) baseline = analysis::read_baseline(o.baseline);
  for (const std::string& file : o.scenarios)  // before minutes of runs
    if (const std::string name = gate_scenario(file); !o.update)
      analysis::in_baseline(baseline, name, o.baseline);
  Compared all;
  {
    Progress progress;
    all.now = run_gate(o.scenarios,
                       {.at_once = o.jobs,
                        .stop = [] { return SignalWatch::received() != 0; },
                        .progress = [&](std::size_t done, std::size_t total,
                                        const std::string& what) { progress.show(done, total, what); }});
  }
  all.result = verdict_on(o, all.now, baseline, allowances);
  for (const auto& record : all.now) all.before.push_back(*baseline.find(record.name));
  if (o.update) {
    update_baseline(o.baseline, all.now);
    all.result.updated = true;
    all.result.notes.push_back(fmt::format("{} is what runs are now", o.baseline));
  }
  return all;
}

void add_measured(const GateOptions& o, GateResult& result) {
  Progress progress;
  Measurement measured =
      measure(o.scenarios, splitwan_path(), o.measured,
              {.stop = [] { return SignalWatch::received() != 0; },
               .progress = [&](std::size_t done, std::size_t total,
                               const std::string& what) { progress.show(done, total, what); }});
  for (analysis::GateRow& row : measured.rows) row.other_build = true;
  result.rows.insert(result.rows.end(), measured.rows.begin(), measured.rows.end());
  result.notes.insert(result.notes.end(), measured.notes.begin(), measured.notes.end());
  result.verdict = analysis::worst_of(result.rows);
}

int run_gate_command(const GateOptions& o) {
  const bool measures = !o.measured.against.empty();
  if (o.baseline.empty() && !measures)
    throw Error("gate: nothing to compare with: --baseline FILE, --against PATH or both");
  if (o.baseline.empty() && (o.update || o.strict || !o.allow.empty() || !o.outputs.html.empty()))
    throw Error("gate: --update, --strict, --allow and --html are of a baseline: --baseline FILE");
  if (o.baseline == "-") throw Error("--baseline -: expected a file");
  if (!o.baseline.empty() && !o.update && !std::filesystem::exists(o.baseline))
    throw Error("{}: there is no such baseline yet: --update writes it", o.baseline);
  analysis::Allowances allowances;
  for (const std::string& text : o.allow) allowances.add(text);
  auto inputs = o.scenarios;
  for (const std::string& file : o.scenarios)
    for (std::string& named : files_named_in(read_scenario_file(file, {}), file))
      inputs.push_back(std::move(named));
  if (o.update) engine::check_output(o.baseline, inputs);
  if (!o.baseline.empty()) inputs.push_back(o.baseline);
  analysis::check_outputs(o.outputs, inputs);

  const SignalWatch watch;
  Compared all;
  GateResult& result = all.result;
  try {
    if (!o.baseline.empty()) all = against_baseline(o, allowances);
    if (measures) add_measured(o, result);
  } catch (const Error&) {
    if (SignalWatch::received() == 0) throw;
    return 128 + SignalWatch::received();
  }
  analysis::write_outputs(result, o.outputs);
  if (!o.outputs.html.empty())
    engine::write_file(o.outputs.html,
                       analysis::render_sides_html(analysis::sides_data(all.before, all.now, &result)));
  if (o.json)
    fmt::print("{}\n", to_json(result).dump());
  else
    fmt::print("{}", console_table(result, analysis::console_style(o.all)));
  return exit_code_of(result);
}

}  // namespace

void add_gate_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<GateOptions>();
  command.add_option("SCENARIO", o->scenarios, "scenario files, as scenarios/gate-split.json")->required();
  command.add_option("--baseline", o->baseline, "file to compare with (--update writes it)");
  command.add_option("--allow", o->allow, "a change for the worse that passes: --allow tokens_per_s=-1%")
      ->allow_extra_args(false);
  command.add_flag("--strict", o->strict, "1 for any difference, also for the better");
  command.add_flag("--update", o->update, "make what runs are now the baseline of these scenarios");
  add_measured_options(command, o->measured);
  command.add_option("--jobs", o->jobs, "scenarios run at once (default: one a core)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--junit", o->outputs.junit, "also write JUnit XML");
  command.add_option("--markdown", o->outputs.markdown, "also write a pull request's comment");
  command.add_option("--benchmark", o->outputs.benchmark,
                     "also write github-action-benchmark's JSON (two files: see its page)");
  command.add_option("--html", o->outputs.html, "also write a page: baseline and now side by side");
  command.add_flag("--all", o->all, "list what is as it was, too");
  command.add_flag("--json", o->json, "print one JSON object instead of a table");
  command.footer(
      fmt::format("Metrics: {}.\n", analysis::gate_metric_names()) +
      "A baseline is of virtual time: the same bytes on every machine, so a change of 1 % is a change.\n"
      "Exit codes: 0 as in the baseline or better, 1 regressed, 2 wrong input, 3 inconclusive: another "
      "fingerprint.");
  command.callback([&chosen, o] { chosen = [o] { return run_gate_command(*o); }; });
}

}  // namespace splitwan::scenarios
