// Files that appear whole, and what GitHub's runner is given.
#include "analysis/verdicts/outputs.hh"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "analysis/verdicts/benchmark_action.hh"
#include "analysis/verdicts/github.hh"
#include "analysis/verdicts/junit.hh"
#include "analysis/verdicts/pull_request.hh"
#include "tests/analysis/verdicts/gate_results.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::analysis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string read_file(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class GateOutputs : public testing::Test {
 protected:
  GateOutputs() {
    unsetenv("GITHUB_STEP_SUMMARY");
    unsetenv("GITHUB_ACTIONS");
    setenv("SOURCE_DATE_EPOCH", "86400", 1);
  }
  ~GateOutputs() override {
    for (const char* name : {"GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS", "SOURCE_DATE_EPOCH"}) unsetenv(name);
  }
  std::string said_while_writing(const OutputsChosen& chosen = {}) {
    testing::internal::CaptureStderr();
    write_outputs(result_, chosen);
    return testing::internal::GetCapturedStderr();
  }
  GateResult result_ = tests::gate_of_everything();
  tests::TemporaryFolder folder_;
};

TEST_F(GateOutputs, are_the_files_asked_for_and_no_other) {
  const OutputsChosen chosen = {folder_ / "j.xml", folder_ / "c.md", folder_ / "b.json"};
  check_outputs(chosen);
  EXPECT_TRUE(fs::is_empty(folder_.string()));
  EXPECT_EQ(said_while_writing(chosen), "");
  EXPECT_EQ(read_file(folder_ / "j.xml"), junit_xml(result_, 86400));
  EXPECT_EQ(read_file(folder_ / "c.md"), pull_request_comment(result_));
  EXPECT_EQ(read_file(folder_ / "b.bigger.json"), benchmark_files(result_).bigger);
  EXPECT_EQ(read_file(folder_ / "b.smaller.json"), benchmark_files(result_).smaller);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.string()), {}), 4);
}

TEST_F(GateOutputs, that_cannot_be_written_are_refused_before_the_work) {
  const auto refusal = [&](const OutputsChosen& chosen) {
    return tests::error_of([&] { check_outputs(chosen, {folder_ / "baseline.json", folder_ / "new.json"}); });
  };
  std::ofstream(folder_ / "baseline.json") << "{}";
  EXPECT_EQ(refusal({folder_ / "none/j.xml", "", ""}),
            folder_ / "none/j.xml" + ": cannot be written: No such file or directory");
  EXPECT_EQ(refusal({"", folder_.string(), ""}), folder_.string() + ": cannot be written: it is a folder");
  EXPECT_EQ(refusal({"", folder_ / "baseline.json", ""}),
            folder_ / "baseline.json" + ": is an input; write to another file");
  EXPECT_EQ(refusal({folder_ / "new.json", "", ""}),
            folder_ / "new.json" + ": is an input; write to another file");
  EXPECT_EQ(refusal({folder_ / "a", folder_ / "./a", ""}),
            folder_ / "./a" + ": is named by --junit and --markdown; write to different files");
  EXPECT_EQ(refusal({folder_ / "a.bigger.json", "", folder_ / "a.json"}),
            folder_ / "a.bigger.json" + ": is named by --junit and --benchmark; write to different files");
  EXPECT_EQ(refusal({"-", "", ""}),
            "--junit -: stdout has the table, or with --json the object; name a file");
  EXPECT_EQ(refusal({"", "", "-"}),
            "--benchmark -: stdout has the table, or with --json the object; name a file");
  EXPECT_EQ(refusal({"", folder_ / "a", "", folder_ / "a"}),
            folder_ / "a" + ": is named by --markdown and --html; write to different files");
  EXPECT_EQ(refusal({"/dev/null", "/dev/null", ""}), "");
}

TEST_F(GateOutputs, reach_githubs_runner_where_that_is_at_work) {
  std::ofstream(folder_ / "summary") << "before\n";
  setenv("GITHUB_STEP_SUMMARY", (folder_ / "summary").c_str(), 1);
  EXPECT_EQ(said_while_writing(), "");
  EXPECT_EQ(read_file(folder_ / "summary"), "before\n" + step_summary(result_));
  setenv("GITHUB_ACTIONS", "true", 1);
  EXPECT_EQ(said_while_writing(), annotations(result_));
  setenv("GITHUB_ACTIONS", "false", 1);
  EXPECT_EQ(said_while_writing(), "");
}

TEST_F(GateOutputs, keep_the_whole_steps_summary_below_the_runners_limit) {
  setenv("GITHUB_STEP_SUMMARY", (folder_ / "summary").c_str(), 1);
  result_ = tests::gate_of_many_rows();
  std::ofstream(folder_ / "summary") << std::string(1000000, 'x');
  EXPECT_EQ(said_while_writing(), "");
  EXPECT_GT(fs::file_size(folder_ / "summary"), most_summary_bytes - 1000);
  EXPECT_LE(fs::file_size(folder_ / "summary"), most_summary_bytes);
  const auto before = read_file(folder_ / "summary");
  EXPECT_EQ(said_while_writing(), "splitwan: the step's summary is full: nothing was added to it\n");
  EXPECT_EQ(read_file(folder_ / "summary"), before);
}

TEST_F(GateOutputs, tell_of_a_summary_that_is_not_there_and_go_on) {
  setenv("GITHUB_STEP_SUMMARY", (folder_ / "none/summary").c_str(), 1);
  EXPECT_EQ(said_while_writing({folder_ / "j.xml", "", ""}),
            "splitwan: GITHUB_STEP_SUMMARY: " + folder_ / "none/summary" +
                ": cannot be written: No such file or directory\n");
  EXPECT_TRUE(fs::exists(folder_ / "j.xml"));
}

}  // namespace
}  // namespace splitwan::analysis
