#include "scenarios/sweep/play_cell.hh"

#include <sstream>

#include "engine/base/error.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/sweep/rows.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

std::vector<std::string> run_command(const SweptScenario& scenario) {
  return {splitwan_path(), "run", scenario.file()};
}

ChildResult run_with(std::vector<std::string> command, const std::vector<std::string>& more,
                     const std::function<bool()>& stop) {
  command.insert(command.end(), more.begin(), more.end());
  ChildOptions options;
  options.stop = stop;
  return run_child(command, options);
}

std::vector<engine::Run> model_runs(const SweptScenario& scenario, const Json& cell,
                                    const std::function<bool()>& stop, bool& stopped) {
  auto command = run_command(scenario);
  command.insert(command.end(), {"-o", "-"});  // the trace
  const ChildResult ran = run_with(std::move(command), scenario.overrides(cell), stop);
  stopped = ran.stopped;
  if (ran.stopped) return {};
  if (ran.exit_code != 0) throw Error("{}", why_failed(ran));
  std::istringstream trace(ran.out);
  return engine::read_trace(trace, "the trace of splitwan run");
}

std::string rows_text(const SweptScenario& scenario, const Json& cell, const std::function<bool()>& stop,
                      bool& stopped) {
  std::vector<engine::Run> runs =
      scenario.runs_a_model()
          ? model_runs(scenario, cell, stop, stopped)
          : run_replays(
                read_replays(scenario.of(cell), scenario.file()), [](auto, auto, auto&) {}, 1);
  if (stopped) return "";
  const Json rows = rows_of(model::Study(std::move(runs)), scenario.folder());
  if (rows.empty()) throw Error("{}: no step was run", scenario.file());
  return rows.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string one_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// As many as a command line holds: Linux takes 128 KiB for one word.
std::size_t take_some(const std::vector<Json>& cells, std::size_t from, std::string& list) {
  std::size_t end = from;
  for (; end < cells.size() && list.size() < 100'000; ++end)
    list += (end > from ? "," : "") + cells[end].dump();
  return end;
}

void ask_run(const SweptScenario& scenario, const std::vector<Json>& cells, const std::function<bool()>& stop,
             std::vector<Refusal>& refused) {
  for (std::size_t from = 0; from < cells.size();) {
    std::string list;
    const std::size_t end = take_some(cells, from, list);
    auto command = run_command(scenario);
    command.insert(command.end(), {"--check", "--json"});
    auto overrides = scenario.overrides(Json::object());
    overrides.insert(overrides.end(), {"--set", "sweep={\"cells\":[" + list + "]}"});
    const ChildResult said = run_with(std::move(command), overrides, stop);
    if (said.stopped) return;
    const Json answer = Json::parse(said.out, nullptr, false);
    if (!answer.is_object() || !answer.contains("refused")) throw Error("{}", why_failed(said));
    for (const Json& one : answer["refused"])
      refused.push_back({from + one["cell"].get<std::size_t>(), one["reason"].get<std::string>()});
    from = end;
  }
}

}  // namespace

Played play_cell(const SweptScenario& scenario, const Json& cell, const std::function<bool()>& stop) {
  Played played;
  for (int attempt = 1; attempt <= 2 && !played.stopped; ++attempt) {
    try {
      played.rows = rows_text(scenario, cell, stop, played.stopped);
      played.reason.clear();
      return played;
    } catch (const std::exception& e) {
      played.reason = one_line(e.what());
    }
    if (stop()) played.stopped = true;
  }
  return played;
}

std::vector<Refusal> refused_cells(const SweptScenario& scenario, const std::vector<Json>& cells,
                                   const std::function<bool()>& stop) {
  std::vector<Refusal> refused;
  if (scenario.runs_a_model()) {
    ask_run(scenario, cells, stop, refused);
    return refused;
  }
  for (std::size_t i = 0; i < cells.size() && !stop(); ++i) {
    try {
      read_replays(scenario.of(cells[i]), scenario.file());
    } catch (const std::exception& e) {
      refused.push_back({i, one_line(e.what())});
    }
  }
  return refused;
}

}  // namespace splitwan::scenarios
