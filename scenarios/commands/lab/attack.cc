#include "scenarios/commands/commands.hh"

#include <fmt/format.h>

#include "analysis/attacks/suite/suite.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/checkpoint/model_config.hh"
#include "scenarios/commands/lab/attack_speed.hh"
#include "scenarios/commands/lab/cascade_attack.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

struct AttackOptions {
  std::string scenario, output;
  std::vector<std::string> overrides;
  bool json = false;
  CascadeOptions cascade;
};

// Every depth as it is, and every defence at its own depths.
std::vector<PricedDefence> priced(const attacks::Options& o) {
  std::vector<PricedDefence> list;
  for (const attacks::Defence& defence : o.defences) {
    const bool none = defence.name == "none";
    const auto& depths = none || defence.client.draw_depth() ? o.depths : o.defence_depths;
    list.push_back({defence.name, std::string(defence.wire->name()), depths, defence.client.draw_depth()});
  }
  return list;
}

std::string speed_table(const Json& result) {
  if (!result.contains("speed")) return "";
  const Json& link = result["link"];
  std::string text =
      fmt::format("\nTokens/s, {}, {:g} ms (each end keeps `depth` layers; from the latency model)\n",
                  result["drafter"].get<std::string>(), link["rtt_s"].get<double>() * 1e3);
  for (const Json& s : result["speed"])
    text += fmt::format("  {:18} depth {:2} {:8.2f}\n", s["defence"].get<std::string>(), s["depth"].dump(),
                        s["tokens_per_s"].get<double>());
  return text;
}

int attack_command(const AttackOptions& o) {
  if (o.cascade.asked) {
    CascadeOptions cascade = o.cascade;
    cascade.json = o.json, cascade.output = o.output;
    if (!o.scenario.empty()) throw engine::Error("--cascade: expected no scenario, found {}", o.scenario);
    return attack_cascade(cascade);
  }
  if (o.scenario.empty()) throw engine::Error("scenario: expected a file, or --cascade");
  const Json scenario = read_scenario_file(o.scenario, o.overrides);
  auto inputs = files_named_in(scenario, o.scenario);
  inputs.push_back(o.scenario);
  engine::check_output(o.output, inputs);
  const attacks::Options options = attacks::read_options(scenario, o.scenario);
  attacks::check_depths(options, engine::read_model_config(options.model), o.scenario);
  Progress progress;
  Json speed = Json::object();
  if (scenario.contains("speed"))
    speed =
        price(speed_question(scenario["speed"], o.scenario), priced(options),
              [&](auto done, auto total, const auto& run) { progress.show(done, total, "speed: " + run); });
  const SignalWatch watch;  // from here on there is something to keep
  Json result = attacks::run_suite(
      options, o.scenario, [] { return SignalWatch::received() != 0; },
      [&](double done, double total, const std::string& job) {
        progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(total), job);
      });
  result.update(speed);
  result["compute"] = fmt::format("measured: {} threads, one per attack", options.threads);
  if (!o.output.empty()) engine::write_file(o.output, result.dump() + "\n");
  if (const int signal = SignalWatch::received()) return 128 + signal;
  if (o.json) {
    fmt::print("{}\n", result.dump());
  } else if (o.output != "-") {
    print_lines(attacks::tables(result) + speed_table(result));
  }
  return 0;
}

}  // namespace

void add_attack_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<AttackOptions>();
  command.add_option("scenario", o->scenario, "scenario file (JSON), such as scenarios/attack.json");
  command.add_option("-o,--output", o->output,
                     "keep the result (JSON) in this file; of an interrupted run what is finished");
  command.add_option("--set", o->overrides, "override a key: --set depths=[2]")->allow_extra_args(false);
  command.add_flag("--json", o->json, "print the result as one JSON object");
  add_cascade_options(command, o->cascade);
  command.callback([o, &chosen] { chosen = [o] { return attack_command(*o); }; });
}

}  // namespace splitwan::scenarios
