// What tests do not: minutes of real measurements. Run by hand (analysis/trials/README.md).
//   splitwan_trials_bench record SCENARIO PAIRS OUT   this build against itself:
//   scenarios/recordings/gate-aa.json splitwan_trials_bench planted SCENARIO NEURONS TIME_LIMIT_S REPETITIONS
//   INSTRUCTIONS
//                                                     itself with an MLP wider by so many against itself
//   splitwan_trials_bench counts SCENARIO TIMES NEURONS
//                                                     of such a model (0: the demo model):      how well
//                                                     callgrind's counts repeat, and how long it
//   takes
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/output_file.hh"
#include "scenarios/gate/instructions.hh"
#include "scenarios/gate/measured.hh"
#include "scenarios/gate/measured_program.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/scratch_folder.hh"
#include "tests/fixtures/wider_model.hh"

namespace splitwan::tests {
namespace {

using namespace scenarios;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void show(std::size_t done, std::size_t total, const std::string& what) {
  fmt::print(stderr, "{} of {}: {}\n", done, total, what);
}

int record(const std::string& scenario, std::size_t pairs, const std::string& out) {
  MeasuredOptions options;
  options.against = splitwan_path();
  options.repetitions = pairs;
  options.time_limit_s = 1e6;
  options.least_effect = 0.5;  // no more than were asked for
  options.instructions = "none";
  const auto found = measure({scenario}, splitwan_path(), options, {.stop = {}, .progress = show});
  const auto& m = found.rows.at(0).measured.value();
  const auto microseconds = [](const std::vector<double>& seconds) {
    engine::Json list = engine::Json::array();
    for (const double s : seconds) list.push_back(std::round(1e8 * s) / 100);
    return list;
  };
  engine::Json json = {
      {"note", fmt::format("One build against itself, in turn; compute of {} in us a token", scenario)},
      {"how", found.notes},
      {"first_us", microseconds(m.ours)},
      {"second_us", microseconds(m.theirs)}};
  engine::write_file(out, json.dump() + "\n");
  return 0;
}

int planted(const std::string& scenario, int neurons, const MeasuredOptions& chosen) {
  const ScratchFolder folder;
  MeasuredOptions options = chosen;
  options.against = splitwan_path();
  const auto begin = std::chrono::steady_clock::now();
  const auto found = measure({scenario}, slower_build(folder.path, splitwan_path(), neurons), options,
                             {.stop = {}, .progress = show});
  for (const auto& row : found.rows) {
    fmt::print("{}: {}: {} ({})\n", row.metric, name_of(row.verdict), row.reason,
               row.measured ? fmt::format("{} repetitions, needed {}, smallest seen {:.2f} %",
                                          row.measured->ours.size(), row.measured->needed.value_or(0),
                                          100 * row.measured->smallest_seen)
                            : "");
  }
  for (const auto& note : found.notes) fmt::print("{}\n", note);
  fmt::print("{:.0f} s in all\n", seconds_since(begin));
  return 0;
}

int counts(const std::string& scenario, int times, int neurons) {
  const ScratchFolder folder;
  const std::string program =
      neurons == 0 ? splitwan_path() : program_at(slower_build(folder.path, splitwan_path(), neurons));
  double least = 1e300, most = 0;
  for (int i = 0; i < times; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto counted = count_instructions(scenario, program, CountingTool::callgrind).value();
    least = std::min(least, counted.per_token);
    most = std::max(most, counted.per_token);
    fmt::print("{:.1f} a token, {}, {}, {:.0f} s\n", counted.per_token, counted.sample, counted.isa,
               seconds_since(begin));
  }
  fmt::print("spread {:.4f} %\n", 100 * (most / least - 1));
  return 0;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 4 && words[0] == "record") return record(words[1], std::stoul(words[2]), words[3]);
  if (words.size() == 6 && words[0] == "planted") {
    MeasuredOptions options;
    options.time_limit_s = std::stod(words[3]);
    options.repetitions = std::stoul(words[4]);
    options.instructions = words[5];
    return planted(words[1], std::stoi(words[2]), options);
  }
  if (words.size() == 4 && words[0] == "counts")
    return counts(words[1], std::stoi(words[2]), std::stoi(words[3]));
  fmt::print(stderr, "expected: record, planted or counts, and their words (see the top of its source)\n");
  return 2;
}

}  // namespace
}  // namespace splitwan::tests

int main(int argc, char** argv) {
  try {
    return splitwan::tests::run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
