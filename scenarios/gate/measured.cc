#include "scenarios/gate/measured.hh"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <limits>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "scenarios/gate/instructions.hh"
#include "scenarios/gate/measured_priority.hh"
#include "scenarios/gate/measured_program.hh"
#include "scenarios/gate/measured_trials.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/scratch_folder.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

using analysis::GateRow;
using analysis::Verdict;
using engine::Error;
using Instant = std::chrono::steady_clock::time_point;

struct MeasuredScenario {
  std::string file, name;
  Json json;
};

// Until when, and whether somebody wants it ended sooner.
struct Limit {
  Instant end;
  const MeasuredWatch& watch;
  bool stopped() const { return watch.stop && watch.stop(); }
  bool over() const { return std::chrono::steady_clock::now() >= end; }
  std::function<bool()> stop() const {
    return [this] { return stopped() || over(); };
  }
  double left_s() const {
    return std::chrono::duration<double>(end - std::chrono::steady_clock::now()).count();
  }
};

std::vector<MeasuredScenario> measured_scenarios(const std::vector<std::string>& files,
                                                 std::vector<std::string>& notes) {
  std::vector<MeasuredScenario> found;
  for (const std::string& file : files) {
    Json json = read_scenario_file(file, {});
    const std::string name = name_of_scenario(json, file);
    if (kind_of(json) == ScenarioKind::model)
      found.push_back({file, name, std::move(json)});
    else
      notes.push_back(fmt::format("{}: runs no model: not measured", name));
  }
  return found;
}

std::optional<ComputeSample> run_measured(const std::string& program, const MeasuredScenario& scenario,
                                          const std::string& trace, const Limit& limit) {
  ChildOptions options;
  options.stop = limit.stop();
  const ChildResult child =
      run_child({program, "run", scenario.file, "--set", "compute=measured", "-o", trace}, options);
  if (limit.stopped()) throw Error("{}: interrupted", scenario.file);
  if (child.stopped) return std::nullopt;
  if (child.exit_code != 0) throw Error("{}: {}", program, why_failed(child));
  if (!std::filesystem::exists(trace))
    throw Error("{}: ran {} and left no trace: expected a splitwan", program, scenario.file);
  const auto runs = engine::read_trace_file(trace);
  std::filesystem::remove(trace);  // the next program's must be its own
  return compute_sample(runs, program + ": " + scenario.file);
}

// "; most of it in middle, +2.6 %": the phase whose medians differ by most in the change's direction.
std::string where_text(const MeasuredSeries& series, bool slower) {
  std::map<engine::Phase, std::array<std::vector<double>, 2>> phases;
  for (std::size_t program = 0; program < 2; ++program)
    for (const ComputeSample& sample : series.samples[program])
      for (const auto& [phase, seconds] : sample.phases) phases[phase][program].push_back(seconds);
  std::string text;
  double most = 0;
  for (const auto& [phase, values] : phases) {
    if (values[0].empty() || values[1].empty()) continue;
    const double ours = engine::median(values[0]), theirs = engine::median(values[1]);
    const double change = slower ? ours - theirs : theirs - ours;
    if (change <= most || theirs <= 0) continue;
    most = change;
    text = fmt::format("; most of it in {}, {:+.1f} %", name_of(phase), 100 * (ours / theirs - 1));
  }
  return text;
}

GateRow row_of_compute(const std::string& scenario) {
  GateRow row;
  row.scenario = scenario;
  row.metric = "compute_s_per_token";
  row.unit = "s";
  return row;
}

GateRow unfinished(GateRow row, std::string reason) {
  row.verdict = Verdict::inconclusive;
  row.reason = std::move(reason);
  row.baseline = row.current = std::numeric_limits<double>::quiet_NaN();
  return row;
}

GateRow compute_row(const MeasuredSeries& series, const analysis::Finding& finding) {
  const analysis::Trial trial = trial_of(series);
  GateRow row = row_of_compute(series.name);
  row.baseline = engine::median(trial.theirs);
  row.current = engine::median(trial.ours);
  row.verdict = finding.verdict;
  row.reason = finding.reason;
  if (row.verdict == Verdict::regressed || row.verdict == Verdict::improved)
    row.reason += where_text(series, row.verdict == Verdict::regressed);
  row.measured = analysis::Measured{trial.ours,        trial.theirs,          finding.ratio,
                                    finding.ratio_low, finding.ratio_high,    finding.p,
                                    finding.p_holm,    finding.smallest_seen, finding.needed};
  return row;
}

void time_compute(const std::vector<MeasuredScenario>& scenarios, const std::array<std::string, 2>& programs,
                  const MeasuredOptions& options, const Limit& limit, Measurement& found) {
  const ScratchFolder folder;
  const std::string trace = (folder.path / "trace.jsonl").string();
  const HighPriority priority;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<MeasuredSeries> all;
  const auto run = [&](std::size_t i, int program) {
    return run_measured(programs[static_cast<std::size_t>(program)], scenarios[i], trace, limit);
  };
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    all.push_back({scenarios[i].name, {}});
    // Not counted: the first one reads the files that later ones find in memory.
    const auto theirs = run(i, 1), ours = run(i, 0);
    if (ours && theirs && (ours->jobs != theirs->jobs || ours->tokens != theirs->tokens))
      found.notes.push_back(fmt::format("{}: ours does {} jobs for {} tokens, theirs {} for {}",
                                        scenarios[i].name, ours->jobs, ours->tokens, theirs->jobs,
                                        theirs->tokens));
  }
  const analysis::TrialRules rules{
      .alpha = alpha_after_looks * options.alpha, .least_effect = options.least_effect, .seed = options.seed};
  take_turns(all, run, {options.repetitions, rules, limit.watch.progress});

  std::vector<analysis::Trial> trials;
  for (const MeasuredSeries& series : all) {
    if (series.pairs() >= 2) {
      trials.push_back(trial_of(series));
      continue;
    }
    found.rows.push_back(unfinished(row_of_compute(series.name),
                                    fmt::format("{} repetitions when time was up", series.pairs())));
  }
  const auto findings = judge(trials, rules);
  for (std::size_t i = 0, next = 0; i < all.size(); ++i)
    if (all[i].pairs() >= 2) found.rows.push_back(compute_row(all[i], findings[next++]));
  std::size_t pairs = 0;
  for (const MeasuredSeries& series : all) pairs += series.pairs();
  found.notes.push_back(
      fmt::format("compute was measured {} times with each program in {:.0f} s{}{}; a false alarm in at most "
                  "{:g} % of gates",
                  pairs, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
                  priority.granted() ? " at real-time priority" : "",
                  limit.over() ? ", then time was up" : "", 100 * options.alpha));
}

void count_all(const std::vector<MeasuredScenario>& scenarios, const std::array<std::string, 2>& programs,
               const MeasuredOptions& options, const Limit& limit, Measurement& found) {
  std::string why;
  const auto tool = counting_tool(options.instructions, why);
  if (!why.empty()) found.notes.push_back(why);
  if (!tool) return;
  for (const MeasuredScenario& scenario : scenarios) {
    std::array<std::optional<Instructions>, 2> counts;
    if (limit.watch.progress) limit.watch.progress(0, 1, "instructions of " + scenario.name);
    run_parallel(2, 2, [&](std::size_t i) {
      counts[i] = count_instructions(scenario.file, programs[i], *tool, limit.stop());
    });
    if (limit.stopped()) throw Error("{}: interrupted", scenario.file);
    if (counts[0] && counts[1])
      found.rows.push_back(
          instructions_row(scenario.name, *counts[0], *counts[1], options.least_instructions));
    else
      found.rows.push_back(
          unfinished(instructions_row(scenario.name), "time was up before they were counted"));
  }
}

}  // namespace

Measurement measure(const std::vector<std::string>& files, const std::string& ours,
                    const MeasuredOptions& options, const MeasuredWatch& watch) {
  Measurement found;
  const std::array<std::string, 2> programs{program_at(ours), program_at(options.against)};
  const auto scenarios = measured_scenarios(files, found.notes);
  if (scenarios.empty()) return found;
  const auto begin = std::chrono::steady_clock::now();
  const auto after = [&](double share) {
    return begin + std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::duration<double>(share * options.time_limit_s));
  };
  // Counting takes as long as it takes: a third of the time is left to it.
  const bool counts = options.instructions != "none";
  time_compute(scenarios, programs, options, Limit{after(counts ? 2.0 / 3 : 1), watch}, found);
  if (counts) count_all(scenarios, programs, options, Limit{after(1), watch}, found);
  return found;
}

}  // namespace splitwan::scenarios
