#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "analysis/traffic/traffic.hh"
#include "engine/base/json_table.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/console/result.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json;

struct TrafficOptions {
  std::vector<std::string> traces;
  std::string output;
  bool json = false;
};

std::string condition(const Json& row) {
  return fmt::format("{} ms, {}", engine::number_cell(row["rtt_s"], 1e3, 0), row["wire"].get<std::string>());
}

std::string padding(const Json& row) { return row["pad_rows"].is_null() ? "none" : row["pad_rows"].dump(); }

std::string table(const Json& j) {
  std::string out =
      "Accepted per step: share told exactly from sizes, from sizes and timings, without looking. Errors: "
      "mean, in "
      "tokens.\n"
      "condition      padding          drafter        prompt  error   rows  sizes  timed  blind  tokens  "
      "error  blind  "
      "B/token  tokens/s\n";
  for (const Json& r : j["rows"]) {
    const auto share = [&](const char* key) { return engine::number_cell(r[key], 100, 0) + " %"; };
    out += fmt::format(
        "{:<14} {:<16} {:<14} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6} {:>6} {:>8} {:>9}\n",
        condition(r), padding(r), r["drafter"].get<std::string>(), share("prompt_exact"),
        engine::number_cell(r["prompt_error"], 1, 1), share("rows_exact"), share("accepted_exact"),
        share("accepted_exact_timed"), share("accepted_exact_blind"), engine::number_cell(r["tokens"], 1, 1),
        engine::number_cell(r["tokens_error"], 1, 1), engine::number_cell(r["tokens_error_blind"], 1, 1),
        engine::number_cell(r["bytes_per_token"], 1, 0), engine::number_cell(r["tokens_per_s"], 1, 2));
  }
  out += "\nTold apart, by the most similar run of another prompt:\n";
  for (const Json& t : j["told_apart"])
    out += fmt::format("{:<14} {:<16} {:<12} from {:<17}: {} % of {} runs (chance: {} %)\n", condition(t),
                       padding(t), t["what"].get<std::string>(), t["from"].get<std::string>(),
                       engine::number_cell(t["right"], 100, 0), t["runs"].dump(),
                       engine::number_cell(t["chance"], 100, 0));
  return out;
}

int run_traffic(const TrafficOptions& o) {
  engine::check_output(o.output, o.traces);
  const Json j = analysis::traffic(model::Study(read_traces(o.traces)));
  show_result(o.output, o.json, j, table(j));
  return 0;
}

}  // namespace

void add_traffic_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<TrafficOptions>();
  command
      .add_option("TRACE", o->traces,
                  "trace files that 'splitwan run -o' wrote, padded and not, as in trace.jsonl")
      ->required();
  command.add_option("-o,--output", o->output, "write the JSON object to this file ('-': stdout)");
  command.add_flag("--json", o->json, "print one JSON object (SI units) instead of a table");
  command.callback([&chosen, o] { chosen = [o] { return run_traffic(*o); }; });
}

}  // namespace splitwan::scenarios
