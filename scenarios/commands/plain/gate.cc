#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "analysis/gate/compare.hh"
#include "analysis/verdicts/console.hh"
#include "analysis/verdicts/outputs.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/gate/baseline_update.hh"
#include "scenarios/gate/gate_runs.hh"

namespace splitwan::scenarios {
namespace {

using analysis::GateResult;
using analysis::Verdict;
using engine::Error;

struct GateOptions {
  std::vector<std::string> scenarios, allow;
  std::string baseline;
  analysis::OutputsChosen outputs;
  std::size_t jobs = 0;
  bool strict = false, update = false, all = false, json = false;
};

int exit_code_of(const GateResult& result, bool strict) {
  switch (result.verdict) {
    case Verdict::regressed:
      return 1;
    case Verdict::inconclusive:
      return 3;
    default:
      return strict && !result.differences.empty() ? 1 : 0;
  }
}

// Where the baseline is to be taken to them, what it does not have yet is as it will be.
GateResult compared(const GateOptions& o, const std::vector<analysis::ScenarioRecord>& records,
                    analysis::Baseline baseline, const analysis::Allowances& allowances) {
  std::vector<std::string> added;
  for (const auto& record : records) {
    if (!o.update || baseline.find(record.name)) continue;
    baseline.put(record);
    added.push_back(fmt::format("{} is new in the baseline", record.name));
  }
  GateResult result = analysis::compare(baseline, records, allowances, o.baseline);
  result.strict = o.strict;
  result.notes.insert(result.notes.end(), added.begin(), added.end());
  return result;
}

int run_gate_command(const GateOptions& o) {
  analysis::Allowances allowances;
  for (const std::string& text : o.allow) allowances.add(text);
  if (o.baseline == "-") throw Error("--baseline -: expected a file");
  if (!o.update && !std::filesystem::exists(o.baseline))
    throw Error("{}: there is no such baseline yet; --update writes it", o.baseline);
  auto inputs = o.scenarios;
  if (o.update) engine::check_output(o.baseline, inputs);
  inputs.push_back(o.baseline);
  analysis::check_outputs(o.outputs, inputs);
  analysis::Baseline baseline;
  if (!o.update || std::filesystem::exists(o.baseline)) baseline = analysis::read_baseline(o.baseline);

  const SignalWatch watch;
  std::vector<analysis::ScenarioRecord> records;
  try {
    Progress progress;
    records = run_gate(o.scenarios,
                       {.at_once = o.jobs,
                        .stop = [] { return SignalWatch::received() != 0; },
                        .progress = [&](std::size_t done, std::size_t total,
                                        const std::string& what) { progress.show(done, total, what); }});
  } catch (const Error&) {
    if (SignalWatch::received() == 0) throw;
    return 128 + SignalWatch::received();
  }
  GateResult result = compared(o, records, baseline, allowances);
  if (o.update) {
    update_baseline(o.baseline, records);
    result.updated = true;
    result.notes.push_back(fmt::format("{} is what runs are now", o.baseline));
  }
  analysis::write_outputs(result, o.outputs);
  if (o.json)
    fmt::print("{}\n", to_json(result).dump());
  else
    fmt::print("{}", console_table(result, analysis::console_style(o.all)));
  return o.update ? 0 : exit_code_of(result, o.strict);
}

}  // namespace

void add_gate_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<GateOptions>();
  command.add_option("SCENARIO", o->scenarios, "scenario files, as scenarios/gate-split.json")->required();
  command.add_option("--baseline", o->baseline, "file to compare with (--update writes it)")->required();
  command.add_option("--allow", o->allow, "a change for the worse that passes: --allow tokens_per_s=-1%")
      ->allow_extra_args(false);
  command.add_flag("--strict", o->strict, "1 for any difference, also for the better");
  command.add_flag("--update", o->update, "make what runs are now the baseline of these scenarios");
  command.add_option("--jobs", o->jobs, "scenarios run at once (default: one a core)")
      ->check(CLI::Range(1, 1024));
  command.add_option("--junit", o->outputs.junit, "also write JUnit XML");
  command.add_option("--markdown", o->outputs.markdown, "also write a pull request's comment");
  command.add_option("--benchmark", o->outputs.benchmark,
                     "also write github-action-benchmark's JSON (two files: see its page)");
  command.add_flag("--all", o->all, "list what is as it was, too");
  command.add_flag("--json", o->json, "print one JSON object instead of a table");
  command.footer(
      "A baseline is of virtual time: the same bytes on every machine, so a change of 1 % is a change.\n"
      "Exit codes: 0 as in the baseline or better, 1 regressed, 2 wrong input, 3 inconclusive: another "
      "fingerprint.");
  command.callback([&chosen, o] { chosen = [o] { return run_gate_command(*o); }; });
}

}  // namespace splitwan::scenarios
