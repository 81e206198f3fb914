// `run` where no model is needed: replays and validations.
#include "scenarios/commands/commands.hh"

#include "scenarios/console/console.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/run/run_output.hh"
#include "scenarios/run/validate_link.hh"

namespace splitwan::scenarios {

void begin_run_command(CLI::App& command, Chosen& chosen, HandOn hand_on) {
  auto o = std::make_shared<RunOptions>();
  add_run_options(command, *o);
  command.callback([o, &chosen, hand_on = std::move(hand_on)] {
    chosen = [o, hand_on] {
      const Json scenario = read_scenario_file(o->scenario, o->overrides);
      const auto study = [&](const auto& cells, auto run_cells) {
        return run_and_report(*o, [&](engine::TraceWriter& trace) {
          Progress progress;
          const auto watch = [&](std::size_t done, std::size_t total, const std::string& what) {
            progress.show(done, total, what);
          };
          return run_cells(cells, watch, [&](const engine::Run& run) { trace.add(run); });
        });
      };
      switch (kind_of(scenario)) {
        case ScenarioKind::replay:
          if (o->check) return check_cells(*o, [&](const Json& cell) { read_replays(cell, o->scenario); });
          return study(read_replays(scenario, o->scenario),
                       [](const auto& cells, const auto& watch, const auto& finished) {
                         return run_replays(cells, watch, 0, finished);
                       });
        case ScenarioKind::validation:
          if (o->check)
            return check_cells(*o, [&](const Json& cell) { read_validations(cell, o->scenario); });
          return study(read_validations(scenario, o->scenario), run_validations);
        case ScenarioKind::study:
          return hand_on(Program::lab);
        default:
          return hand_on(Program::engine);
      }
    };
  });
}

}  // namespace splitwan::scenarios
