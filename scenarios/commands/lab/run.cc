// `run` where soft prompts are trained and rows attacked: studies.
#include <fmt/format.h>

#include <filesystem>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/run/run_output.hh"
#include "scenarios/study/studies.hh"

namespace splitwan::scenarios {
namespace {

int run_study(const RunOptions& o) {
  const Json scenario = read_scenario_file(o.scenario, o.overrides);
  auto inputs = files_named_in(scenario, o.scenario);
  inputs.push_back(o.scenario);
  engine::check_output(o.output, inputs);
  const StudyKind& kind = study_of(scenario, o.scenario);
  const auto study = kind.prepare(scenario, o.scenario);
  if (o.check) return check_cells(o, [](const Json&) {});
  const Json earlier =
      !o.output.empty() && std::filesystem::exists(o.output) ? engine::read_json_file(o.output) : Json();
  const SignalWatch watch;  // from here on there is something to keep
  const Stop stop = [] { return SignalWatch::received() != 0; };
  Progress progress;
  const auto make = [&](const Json& known) {
    return study(known, stop,
                 [&](auto done, auto total, const auto& what) { progress.show(done, total, what); });
  };
  const Json result = make(earlier);
  if (!o.output.empty()) engine::write_file(o.output, result.dump(1) + "\n");
  if (const int signal = SignalWatch::received()) return 128 + signal;
  if (o.check_determinism && make({}) != result) {
    remark("splitwan: {}: two runs differ", o.scenario);
    return 1;
  }
  if (o.json)
    fmt::print("{}\n", result.dump());
  else if (o.output != "-")
    print_lines(kind.tables(result));
  return 0;
}

}  // namespace

void add_run_study_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<RunOptions>();
  add_run_options(command, *o);
  command.callback([o, &chosen] { chosen = [o] { return run_study(*o); }; });
}

}  // namespace splitwan::scenarios
