#include <sstream>

#include "analysis/summary.hh"
#include "engine/error.hh"
#include "engine/output_file.hh"
#include "scenarios/commands.hh"
#include "scenarios/console.hh"
#include "scenarios/model_tables.hh"
#include "scenarios/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

struct Options {
  std::string scenario, output;
  std::vector<std::string> overrides;
  bool json = false;
};

int run_command(const Options& o) {
  const auto scenarios = load_scenarios(o.scenario, o.overrides);
  engine::check_output(o.output, std::vector{o.scenario});
  std::vector<engine::Run> runs;
  {
    Progress progress;
    runs = run_scenarios(scenarios,
                         [&](auto done, auto total, const auto& what) { progress.show(done, total, what); });
  }
  if (!o.output.empty()) {
    std::ostringstream text;
    for (const engine::Run& run : runs) engine::write(text, run);
    engine::write_file(o.output, text.str());
  }
  const Json summary = analysis::summarise(runs);
  if (o.json) {
    fmt::print("{}\n", summary.dump());
  } else if (o.output != "-") {
    fmt::print("{}", summary_table(summary));
  }
  return 0;
}

}  // namespace

void add_run_command(CLI::App& app, Chosen& chosen) {
  auto o = std::make_shared<Options>();
  CLI::App* cmd =
      app.add_subcommand("run", "Run a scenario: in process, over ns-3 or over sockets, as it says");
  cmd->add_option("scenario", o->scenario, "scenario file (JSON)")->required();
  cmd->add_option("-o,--output", o->output, "keep the trace (JSON lines) in this file");
  cmd->add_option("--set", o->overrides, "override a key: --set network.rtt=20ms")->allow_extra_args(false);
  cmd->add_flag("--json", o->json, "print the summary as one JSON object");
  cmd->callback([o, &chosen] { chosen = [o] { return run_command(*o); }; });
}

}  // namespace splitwan::scenarios
