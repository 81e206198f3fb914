#include "scenarios/run/run_output.hh"

#include <fmt/format.h>

#include <sstream>

#include "analysis/summary/summary.hh"
#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "model/fit/live.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/result.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/run/summary_table.hh"

namespace splitwan::scenarios {
namespace {

std::string trace_text(const std::vector<engine::Run>& runs) {
  std::ostringstream text;
  for (const engine::Run& run : runs) engine::write(text, run);
  return text.str();
}

}  // namespace

void add_run_options(CLI::App& command, RunOptions& o) {
  command.add_option("scenario", o.scenario, "scenario file (JSON)")->required();
  command.add_option("-o,--output", o.output, "keep the trace (JSON lines) in this file");
  command.add_option("--set", o.overrides, "override a key: --set network.rtt=20ms")->allow_extra_args(false);
  command.add_flag("--check", o.check, "read every cell of its sweep, run none; 2 when one is refused");
  command.add_flag("--check-determinism", o.check_determinism,
                   "run twice, compare the traces; 1 and the first differing line when they differ");
  command.add_flag("--json", o.json, "print the summary as one JSON object");
}

std::string first_difference(const std::vector<engine::Run>& a, const std::vector<engine::Run>& b) {
  std::istringstream first(trace_text(a)), second(trace_text(b));
  for (int number = 1;; ++number) {
    std::string x, y;
    const bool more_x = static_cast<bool>(std::getline(first, x)),
               more_y = static_cast<bool>(std::getline(second, y));
    if (!more_x && !more_y) return "";
    if (x == y && more_x == more_y) continue;
    std::size_t at = 0;
    while (at < std::min(x.size(), y.size()) && x[at] == y[at]) ++at;
    const std::size_t from = at < 60 ? 0 : at - 60;
    const auto part = [&](const std::string& line, bool there) {
      return there ? line.substr(std::min(from, line.size()), 160) : std::string("(no such line)");
    };
    return fmt::format("line {}: {} | {}", number, part(x, more_x), part(y, more_y));
  }
}

int check_cells(const RunOptions& o, const std::function<void(const engine::Json& cell)>& read) {
  engine::Json refused = engine::Json::array();
  const auto cells = expand_sweep(read_scenario_file(o.scenario, o.overrides), o.scenario);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    try {
      read(cells[i]);
    } catch (const std::exception& e) {
      refused.push_back({{"cell", i}, {"reason", e.what()}});
    }
  }
  if (o.json)
    fmt::print(
        "{}\n",
        engine::Json{{"schema_version", 1}, {"kind", "check"}, {"cells", cells.size()}, {"refused", refused}}
            .dump(-1, ' ', false, engine::Json::error_handler_t::replace));
  if (!refused.empty())
    throw engine::Error("{}: {} of {} cells are refused, the first one, {}: {}", o.scenario, refused.size(),
                        cells.size(), refused[0]["cell"].dump(), refused[0]["reason"].get<std::string>());
  if (!o.json) fmt::print("{}: {} cells, none refused\n", o.scenario, cells.size());
  return 0;
}

void name_earlier(const engine::TraceWriter& writer) {
  if (!writer.earlier().empty())
    remark(
        "splitwan: {}: runs of another call, which did not end: they stay there, 'splitwan fit' reads them",
        writer.earlier());
}

int run_and_report(const RunOptions& o, const MakeRuns& make_runs) {
  auto inputs = files_named_in(read_scenario_file(o.scenario, o.overrides), o.scenario);
  inputs.push_back(o.scenario);
  engine::check_output(o.output, inputs);
  engine::TraceWriter writer(o.output);
  name_earlier(writer);
  std::vector<engine::Run> runs = writer.keeping([&] { return make_runs(writer); });
  if (o.check_determinism) {
    engine::TraceWriter nowhere("");
    const std::string difference = first_difference(runs, make_runs(nowhere));
    if (!difference.empty()) {
      remark("splitwan: {}: two runs differ at trace {}", o.scenario, difference);
      writer.drop();
      return 1;
    }
    remark("{}: two runs gave the same trace, byte for byte", o.scenario);
  }
  const engine::Json summary = writer.keeping([&] {
    const model::Study study = model::study_of(std::move(runs));
    engine::Json all = analysis::summarise(study);  // what it refuses is no trace
    writer.finish(study.runs);
    return all;
  });
  if (o.json) {
    fmt::print("{}\n", summary.dump());
  } else if (o.output != "-") {
    print_lines(summary_table(summary));
  }
  return 0;
}

}  // namespace splitwan::scenarios
