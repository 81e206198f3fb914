// Two programs that are scripts: each run leaves the trace that is to be, so that what a measurement says is
// known.
#include "scenarios/gate/measured.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/party/trace.hh"
#include "model/path/random.hh"
#include "scenarios/jobs/scratch_folder.hh"

namespace splitwan::scenarios {
namespace {

using analysis::GateRow;
using analysis::Verdict;
using engine::Nanos;
using engine::Phase;
using testing::AllOf, testing::Contains, testing::HasSubstr, testing::Not, testing::ThrowsMessage;
namespace fs = std::filesystem;

// 20 steps: 600 us in the middle (times `middle`), 300 in the tail; the run as a whole times `mood`.
void write_trace_of(const std::string& path, double middle, double mood) {
  engine::Run run;
  run.header.drafter = "sequential";
  Nanos now{};
  for (std::uint64_t step = 1; step <= 21; ++step) {
    const Nanos begin = now;
    for (const auto& [party, phase, us] :
         {std::tuple{1u, Phase::middle, 600 * middle}, {0u, Phase::tail, 300.0}}) {
      engine::Span span{.step = step, .party = party, .phase = phase, .begin = now};
      span.end = now += Nanos(std::llround(1000 * us * mood));
      span.rows = step == 1 ? 4 : 1;
      run.spans.push_back(span);
    }
    run.steps.push_back(
        {.step = step, .prefill = step == 1, .begin = begin, .end = now, .rows = 1, .accepted = 1});
  }
  run.end = {{"type", "end"}, {"run", 0}, {"output_ids", engine::Json::array()}};
  std::ofstream out(path);
  write(out, run);
}

class Measuring : public testing::Test {
 protected:
  // A folder with a `splitwan` whose runs take turns at 40 traces.
  std::string build(const std::string& name, double middle, double spread) {
    const fs::path build = folder.path / name;
    fs::create_directories(build);
    for (int i = 0; i < 40; ++i)
      write_trace_of((build / ("trace." + std::to_string(i))).string(), middle,
                     std::exp(spread * model::normal(random)));
    engine::write_file((build / "n").string(), "0");
    script(build / "splitwan",
           "here=$(dirname \"$0\"); n=$(cat \"$here/n\"); echo $(((n + 1) % 40)) > \"$here/n\"\n"
           "echo \"$*\" >> \"$here/asked\"\n"
           "while [ \"$1\" != -o ]; do shift; done\n"
           "cp \"$here/trace.$n\" \"$2\"\n");
    return build.string();
  }

  void script(const fs::path& path, const std::string& text) {
    engine::write_file(path.string(), "#!/bin/sh\n" + text);
    fs::permissions(path, fs::perms::owner_all);
  }

  std::string scenario(const std::string& name, const std::string& keys) {
    std::string path = (folder.path / (name + ".json")).string();
    engine::write_file(path, R"({"name": ")" + name + R"(", )" + keys + "}");
    return path;
  }

  Measurement measured(const std::string& ours, const std::string& theirs, std::size_t repetitions) {
    MeasuredOptions options;
    options.against = theirs;
    options.repetitions = repetitions;
    options.instructions = "none";
    return measure({scenario("cell", R"("model": "m")"), scenario("replayed", R"("replay": {})")},
                   ours + "/splitwan", options);
  }

  const ScratchFolder folder;
  std::mt19937_64 random{11};
};

TEST_F(Measuring, finds_compute_that_is_two_percent_slower_and_where) {
  // 3 % of two thirds.
  const auto found = measured(build("ours", 1.03, 0.005), build("theirs", 1, 0.005), 12);
  ASSERT_EQ(found.rows.size(), 1u);
  const GateRow& row = found.rows[0];
  EXPECT_EQ(row.scenario, "cell");
  EXPECT_EQ(row.metric, "compute_s_per_token");
  EXPECT_EQ(row.verdict, Verdict::regressed);
  EXPECT_NEAR(row.baseline, 900e-6, 9e-6);
  EXPECT_NEAR(row.current / row.baseline, 1.02, 0.01);
  EXPECT_THAT(row.reason, HasSubstr("most of it in middle, +"));
  ASSERT_TRUE(row.measured);
  EXPECT_EQ(row.measured->ours.size(), 12u);
  EXPECT_EQ(row.measured->theirs.size(), 12u);
  EXPECT_GT(row.measured->ratio_low, 1);
  EXPECT_LT(row.measured->p_holm, 0.05);
  EXPECT_THAT(found.notes, Contains(HasSubstr("replayed: runs no model: not measured")));
  EXPECT_THAT(found.notes, Contains(HasSubstr("measured 12 times with each program")));
  EXPECT_THAT(found.notes, Contains(HasSubstr("false alarm in at most 5 % of gates")));
}

TEST_F(Measuring, finds_what_is_faster_and_passes_what_is_alike) {
  const std::string same = build("same", 1, 0.005), other = build("other", 1, 0.005),
                    slow = build("slow", 1.03, 0.005);
  EXPECT_EQ(measured(same, slow, 12).rows.at(0).verdict, Verdict::improved);
  EXPECT_EQ(measured(same, other, 12).rows.at(0).verdict, Verdict::pass);
}

TEST_F(Measuring, asks_each_program_for_measured_compute_once_more_than_counts) {
  const std::string ours = build("ours", 1, 1e-4), theirs = build("theirs", 1, 1e-4);
  measured(ours, theirs, 9);
  for (const std::string& build : {ours, theirs}) {
    std::ifstream in(build + "/asked");
    std::size_t runs = 0;
    for (std::string line; std::getline(in, line); ++runs)
      EXPECT_THAT(line, HasSubstr("cell.json --set compute=measured -o "));
    EXPECT_EQ(runs, 10u);
  }
}

TEST_F(Measuring, says_when_the_two_do_different_work) {
  const std::string ours = build("ours", 1, 1e-4), theirs = build("theirs", 1, 1e-4);
  EXPECT_THAT(measured(ours, theirs, 9).notes, Not(Contains(HasSubstr("jobs for"))));
  for (int i = 0; i < 40; ++i) {
    const fs::path trace = fs::path(ours) / ("trace." + std::to_string(i));
    auto run = engine::read_trace_file(trace.string()).at(0);
    run.spans.pop_back();
    std::ofstream out(trace);
    write(out, run);
  }
  EXPECT_THAT(measured(ours, theirs, 9).notes,
              Contains("cell: ours does 39 jobs for 20 tokens, theirs 40 for 20"));
}

TEST_F(Measuring, names_the_program_that_cannot_run_the_scenario) {
  const std::string ours = build("ours", 1, 0.01);
  fs::create_directories(folder.path / "old");
  script(folder.path / "old" / "splitwan", "echo 'splitwan: cell.json: unknown key rehearse' >&2; exit 2\n");
  EXPECT_THAT([&] { measured(ours, folder.path / "old", 9); },
              ThrowsMessage<engine::Error>(
                  AllOf(HasSubstr("old/splitwan: cell.json: unknown key rehearse"), Not(HasSubstr("\n")))));
  EXPECT_THAT([&] { measured(ours, folder.path / "absent", 9); },
              ThrowsMessage<engine::Error>(HasSubstr("absent: expected a program that can be run")));
}

TEST_F(Measuring, is_inconclusive_where_time_was_up) {
  MeasuredOptions options;
  options.against = build("theirs", 1, 0.01);
  options.time_limit_s = 1e-3;
  options.instructions = "none";
  const auto found =
      measure({scenario("cell", R"("model": "m")")}, build("ours", 1, 0.01) + "/splitwan", options);
  ASSERT_EQ(found.rows.size(), 1u);
  EXPECT_EQ(found.rows[0].verdict, Verdict::inconclusive);
  EXPECT_EQ(found.rows[0].reason, "0 repetitions when time was up");
}

TEST_F(Measuring, ends_with_an_error_when_interrupted) {
  MeasuredOptions options;
  options.against = build("theirs", 1, 0.01);
  EXPECT_THAT(
      [&] {
        measure({scenario("cell", R"("model": "m")")}, build("ours", 1, 0.01) + "/splitwan", options,
                {.stop = [] { return true; }, .progress = {}});
      },
      ThrowsMessage<engine::Error>(HasSubstr("interrupted")));
}

}  // namespace
}  // namespace splitwan::scenarios
