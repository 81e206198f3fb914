#include "analysis/summary/compare.hh"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "engine/base/json_table.hh"
#include "engine/base/output_file.hh"
#include "engine/base/units.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

struct CompareOptions {
  std::string live, replay, output, mean = "3%", p95 = "10%";
  bool json = false;
};

std::string comparison_table(const Json& j) {
  using engine::number_cell;
  std::string text =
      fmt::format("{:<14} {:>6} {:>10} {:>10} {:>8} {:>10} {:>10} {:>8} {:>12}\n", "drafter", "steps",
                  "live, ms", "replay", "error, %", "live p95", "replay", "error, %", "per step, %");
  for (const Json& r : j["rows"])
    text += fmt::format("{:<14} {:>6} {:>10} {:>10} {:>8} {:>10} {:>10} {:>8} {:>12}\n",
                        r["drafter"].get<std::string>(), r["steps"].dump(),
                        number_cell(r["live"]["mean_step_s"], 1e3, 3),
                        number_cell(r["replay"]["mean_step_s"], 1e3, 3), number_cell(r["mean_error"], 100, 2),
                        number_cell(r["live"]["p95_step_s"], 1e3, 3),
                        number_cell(r["replay"]["p95_step_s"], 1e3, 3), number_cell(r["p95_error"], 100, 2),
                        r["step_error"].is_null() ? "-" : number_cell(r["step_error"]["median"], 100, 2));
  return text;
}

int run_compare(const CompareOptions& o) {
  const double most_mean = engine::parse_fraction(o.mean), most_p95 = engine::parse_fraction(o.p95);
  engine::check_output(o.output, std::vector<std::string>{o.live, o.replay});
  Json j = analysis::compare(model::Study(read_traces({o.live})), model::Study(read_traces({o.replay})));
  bool holds = true;
  for (const Json& r : j["rows"])
    holds = holds && std::abs(r["mean_error"].get<double>()) <= most_mean &&
            std::abs(r["p95_error"].get<double>()) <= most_p95;
  j["holds"] = holds;
  show_result(o.output, o.json, j, comparison_table(j));
  return holds ? 0 : 1;
}

}  // namespace

void add_compare_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<CompareOptions>();
  command.add_option("LIVE", o->live, "the trace of a live run, as in live.jsonl")->required();
  command.add_option("REPLAY", o->replay, "the trace of its replay, as in replay.jsonl")->required();
  command.add_option("--mean", o->mean, "exit with 1 when mean steps differ by more")->capture_default_str();
  command.add_option("--p95", o->p95, "exit with 1 when 95th percentiles differ by more")
      ->capture_default_str();
  command.add_option("-o,--output", o->output, "write the JSON object to this file ('-': stdout)");
  command.add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command.callback([&chosen, o] { chosen = [o] { return run_compare(*o); }; });
}

}  // namespace splitwan::scenarios
