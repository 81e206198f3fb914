#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/run/run_output.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {

void add_run_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<RunOptions>();
  add_run_options(command, *o);
  command.callback([o, &chosen] {
    chosen = [o] {
      if (o->check) return check_cells(*o, [&](const Json& cell) { read_scenario(cell, o->scenario); });
      const auto scenarios = load_scenarios(o->scenario, o->overrides);
      return run_and_report(*o, [&](engine::TraceWriter& trace) {
        Progress progress;
        return run_scenarios(
            scenarios, [&](auto done, auto total, const auto& what) { progress.show(done, total, what); },
            &trace);
      });
    };
  });
}

}  // namespace splitwan::scenarios
