#include "scenarios/gate/instructions.hh"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/units.hh"
#include "engine/kernels/kernels.hh"
#include "engine/party/trace.hh"
#include "scenarios/gate/instructions_callgrind.hh"
#include "scenarios/gate/instructions_perf.hh"
#include "scenarios/gate/measured_program.hh"
#include "scenarios/jobs/scratch_folder.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

using analysis::Verdict;
using engine::Error;

constexpr std::size_t short_tokens = 16, long_tokens = 80;

struct TracedCount {
  std::uint64_t instructions = 0;
  std::size_t tokens = 0;
  std::string isa;
};

using CountOnce = std::function<std::optional<std::uint64_t>(const std::vector<std::string>& command)>;

std::optional<TracedCount> count_once(const CountOnce& count, const std::string& program,
                                      const std::string& file, const Json& scenario, std::size_t tokens,
                                      const std::string& trace) {
  std::vector<std::string> command{program, "run", file, "-o", trace};
  for (const std::string& set : sample_of(scenario, tokens)) command.insert(command.end(), {"--set", set});
  const auto counted = count(command);
  if (!counted) return std::nullopt;
  TracedCount found{*counted, 0, ""};
  if (!std::filesystem::exists(trace))
    throw Error("{}: ran {} and left no trace: expected a splitwan", program, file);
  const auto runs = engine::read_trace_file(trace);
  std::filesystem::remove(trace);
  for (const engine::Run& run : runs) {
    for (const engine::Step& step : run.steps) found.tokens += step.accepted;
    if (run.header.machine) found.isa = run.header.machine->isa;
  }
  if (found.tokens == 0) throw Error("{}: {}: makes no tokens to count instructions of", program, file);
  return found;
}

std::string path_of_avx512(const Instructions& i) {
  if (i.tool != name_of(CountingTool::callgrind) || i.isa == engine::kernels::best().name) return "";
  return fmt::format(": valgrind knows no {}", engine::kernels::best().name);
}

std::string how_text(const Instructions& i) {
  return fmt::format("{} by {} on the {} path", i.sample, i.tool, i.isa);
}

}  // namespace

std::string_view name_of(CountingTool tool) { return tool == CountingTool::perf ? "perf" : "callgrind"; }

Json to_json(const Instructions& i) {
  return {{"tool", i.tool}, {"isa", i.isa}, {"sample", i.sample}, {"per_token", i.per_token}};
}

Instructions instructions_of(const Json& json, const std::string& where) {
  engine::ObjectReader reader(json, where);
  Instructions i{reader.need<std::string>("tool"), reader.need<std::string>("isa"),
                 reader.need<std::string>("sample"), reader.number("per_token", 0, 1e18)};
  reader.done();
  return i;
}

std::optional<CountingTool> counting_tool(const std::string& chosen, std::string& why) {
  if (chosen == "none") return std::nullopt;
  const std::string no_perf = why_perf_cannot_count();
  const bool has_valgrind = !valgrind_path().empty();
  if (chosen == "perf") {
    if (!no_perf.empty()) throw Error("--instructions perf: {}", no_perf);
    return CountingTool::perf;
  }
  if (chosen == "callgrind") {
    if (!has_valgrind)
      throw Error("--instructions callgrind: expected a program valgrind in PATH, found none");
    return CountingTool::callgrind;
  }
  if (no_perf.empty()) return CountingTool::perf;
  if (has_valgrind) {
    why = fmt::format("instructions are counted by callgrind: {}", no_perf);
    return CountingTool::callgrind;
  }
  why = fmt::format("instructions are not counted: {}; no valgrind in PATH", no_perf);
  return std::nullopt;
}

std::optional<Instructions> count_instructions(const std::string& file, const std::string& program,
                                               CountingTool tool, const std::function<bool()>& stop) {
  const Json scenario = read_scenario_file(file, {});
  const ScratchFolder folder;
  const std::string trace = (folder.path / "trace.jsonl").string();
  Instructions found{std::string(name_of(tool)), "", sample_text(scenario, short_tokens), 0};
  if (tool == CountingTool::callgrind) {
    const auto counted =
        count_once([&](const auto& command) { return callgrind_count(command, folder.path.string(), stop); },
                   engine_beside(program), file, scenario, short_tokens, trace);
    if (!counted) return std::nullopt;
    found.isa = counted->isa;
    found.per_token = static_cast<double>(counted->instructions) / static_cast<double>(counted->tokens);
    return found;
  }
  const CountOnce perf = [&](const auto& command) { return perf_count(command, stop); };
  const auto few = count_once(perf, program, file, scenario, short_tokens, trace);
  const auto many = few ? count_once(perf, program, file, scenario, long_tokens, trace) : std::nullopt;
  if (!many) return std::nullopt;
  if (many->tokens <= few->tokens || many->instructions <= few->instructions)
    throw Error("{}: {}: {} tokens were expected to take more instructions than {}", program, file,
                long_tokens, short_tokens);
  found.isa = many->isa;
  found.sample = sample_text(scenario, long_tokens - short_tokens);
  found.per_token = static_cast<double>(many->instructions - few->instructions) /
                    static_cast<double>(many->tokens - few->tokens);
  return found;
}

analysis::GateRow instructions_row(const std::string& scenario) {
  analysis::GateRow row;
  row.scenario = scenario;
  row.metric = "instructions_per_token";
  row.unit = "instructions";
  return row;
}

analysis::GateRow instructions_row(const std::string& scenario, const Instructions& now,
                                   const Instructions& before, double least) {
  analysis::GateRow row = instructions_row(scenario);
  row.baseline = before.per_token;
  row.current = now.per_token;
  if (now.tool != before.tool || now.isa != before.isa || now.sample != before.sample ||
      before.per_token <= 0) {
    row.verdict = Verdict::inconclusive;
    row.reason = fmt::format("counted of {}, before of {}", how_text(now), how_text(before));
    return row;
  }
  const double change = now.per_token / before.per_token - 1;
  if (std::abs(change) > least) row.verdict = change > 0 ? Verdict::regressed : Verdict::improved;
  row.reason = fmt::format("{:+.3f} %, {}{}", 100 * change, how_text(now), path_of_avx512(now));
  return row;
}

}  // namespace splitwan::scenarios
