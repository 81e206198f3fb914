#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/commands/commands.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/console/signal_watch.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/sweep/design.hh"
#include "scenarios/sweep/said.hh"
#include "scenarios/sweep/shard_file.hh"

namespace splitwan::scenarios {
namespace {

struct SweepCommand {
  SweepOptions sweep;
  std::string shard, output;
  bool json = false;
};

void check_files(const SweepCommand& o) {
  if (o.output.empty() && !o.sweep.check)
    throw engine::Error("sweep: expected -o FILE: a table (.csv or .jsonl), or a shard's file");
  if (o.output == "-") throw engine::Error("-o -: expected a file: what is finished is kept beside it");
  const std::string scenario = read_design(o.sweep.design).scenario;
  auto inputs = files_named_in(read_scenario_file(scenario, {}), scenario);
  inputs.insert(inputs.end(), {scenario, o.sweep.design});
  engine::check_output(o.output, inputs);
  if (!o.sweep.check && o.shard.empty() && !o.output.ends_with(".csv") && !o.output.ends_with(".jsonl"))
    throw engine::Error("{}: expected a table's name that ends in .csv or .jsonl", o.output);
}

Json summary_of(const SweepCommand& o, const SweepResult& result, double elapsed_s) {
  Json j = {{"schema_version", sweep_schema_version},
            {"kind", "sweep"},
            {"name", result.name},
            {"design", result.design},
            {"scenario", result.scenario},
            {"cells", result.total}};
  if (!o.shard.empty())
    j["shard"] = {{"index", o.sweep.shard.index}, {"of", o.sweep.shard.of}, {"cells", result.cells.size()}};
  j["rows"] = o.sweep.check ? 0 : rows_in(result.cells);
  j["ran"] = result.ran;
  j["known"] = result.known;
  j["failed"] = failed_cells(result.cells);
  j["output"] = o.output;
  j["journal"] = o.sweep.journal;
  j["jobs"] = result.jobs;
  j["elapsed_s"] = elapsed_s;
  return j;
}

int run_sweep_command(SweepCommand o) {
  check_files(o);
  if (!o.shard.empty()) o.sweep.shard = parse_shard(o.shard);
  if (!o.sweep.check) o.sweep.journal = o.output + ".cells";
  const auto begin = std::chrono::steady_clock::now();
  SweepResult result;
  const SignalWatch signals;
  {
    Progress progress;
    SweepWatch watch;
    watch.progress = [&](auto done, auto total, const auto& what) { progress.show(done, total, what); };
    watch.remark = [](const std::string& text) { remark("splitwan: {}", text); };
    watch.stop = [] { return SignalWatch::received() != 0; };
    result = run_sweep(o.sweep, watch);
  }
  const int signal = SignalWatch::received();
  if (signal != 0 && (result.stopped || o.sweep.check)) {
    remark("splitwan: {}: ended by signal {}: the same command goes on where it was", o.sweep.design, signal);
    return 128 + signal;
  }
  if (!o.sweep.check)
    engine::write_file(o.output, o.shard.empty() ? table_text(o.output, result.keys, result.cells)
                                                 : shard_text(result, o.sweep.shard));
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  const Json summary = summary_of(o, result, elapsed.count());
  const std::size_t failed = summary["failed"].size();
  remark_lines(o.sweep.check ? "" : failed_lines(result.cells));
  if (o.json)
    fmt::print("{}\n", summary.dump(2, ' ', false, Json::error_handler_t::replace));
  else if (o.sweep.check)
    print_lines(fmt::format("{}: {} cells, {} refused\n", result.name, result.cells.size(), failed));
  else
    print_lines(fmt::format("{}: {} cells ({} ran, {} were known, {} failed), {} rows in {}\n", result.name,
                            result.cells.size(), result.ran, result.known, failed, summary["rows"].dump(),
                            o.output));
  return failed > 0 ? 2 : 0;
}

}  // namespace

void add_sweep_command(CLI::App& command, Chosen& chosen) {
  auto o = std::make_shared<SweepCommand>();
  command.add_option("DESIGN", o->sweep.design, "a design of cells (JSON)")->required();
  command.add_option("-o,--output", o->output,
                     "the table: .csv or .jsonl; what is finished is kept beside it, so that an interrupted "
                     "sweep goes on where it was");
  command.add_option("--shard", o->shard,
                     "I/N: every N-th cell, from the I-th on; -o is then for 'splitwan merge'");
  command.add_option("--jobs", o->sweep.jobs, "cells at one time (as many as there are cores)")
      ->check(CLI::Range(1, 4096));
  command.add_flag("--check", o->sweep.check, "read every cell, run none; 2 when one is refused");
  command.add_flag("--json", o->json, "print what was done as one JSON object");
  command.callback([&chosen, o] { chosen = [o] { return run_sweep_command(*o); }; });
}

}  // namespace splitwan::scenarios
