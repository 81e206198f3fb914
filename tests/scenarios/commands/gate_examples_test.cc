// The workflows and the makefile in scenarios/examples, run as their runners would: each command, in order,
// with the variables and files that a runner sets. What they do not run here are other people's actions.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>

#include "tests/fixtures/command.hh"

namespace splitwan::tests {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr, testing::StartsWith;

const fs::path examples = SPLITWAN_SOURCE_DIR "/scenarios/examples";

void write_script(const fs::path& path, const std::string& text) {
  std::ofstream(path) << "#!/bin/sh\n" << text;
  fs::permissions(path, fs::perms::owner_all);
}

// A checkout with one small scenario in place of the shipped ones; scenarios/setup only notes what it should
// build.
class GateExamples : public testing::Test {
 protected:
  GateExamples() {
    fs::create_directory_symlink(fs::path(splitwan_program).parent_path(), folder_ / "build");
    for (const char* made : {"scenarios", "tests", "bin"}) fs::create_directory(folder_ / made);
    for (const char* shared : {"profiles", "examples"})
      fs::create_symlink(fs::path(SPLITWAN_SOURCE_DIR "/scenarios") / shared,
                         folder_ / "scenarios/" + shared);
    write_script(folder_ / "scenarios/setup", "echo \"$@\" >> setup.log\n");
    write_scenario("80ms");
    EXPECT_EQ(run("make -f scenarios/examples/gate.mk gate-update").code, 0);
  }
  void write_scenario(const std::string& rtt) const {
    std::ofstream(folder_ / "scenarios/gate-small.json") << json{
        {"network", {{"kind", "ideal"}, {"rtt", rtt}, {"rate", "100Mbit"}}},
        {"replay",
         {{"profile", "profiles/demo-model-nodes.json"}, {"batches", {{"prompt", 4}, {"steps", 4}}}}}};
  }
  // As a runner does it: a script file of its own, which ends at the first failure.
  Outcome run(const std::string& script, std::map<std::string, std::string> environment = {}) const {
    environment["PATH"] = fmt::format("{}:{}", folder_ / "bin", std::getenv("PATH"));
    std::string words = "cd " + folder_.string() + " && env";
    for (const auto& [name, value] : environment) words += fmt::format(" '{}={}'", name, value);
    write_script(folder_ / "step.sh", script);
    Outcome outcome;
    const int status = std::system((words + " bash -e step.sh > out 2> err < /dev/null").c_str());
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    outcome.out = text_of(folder_ / "out");
    outcome.err = text_of(folder_ / "err");
    return outcome;
  }
  void expect_built_what_it_runs() const {
    std::istringstream built(text_of(folder_ / "setup.log"));
    int count = 0;
    for (std::string target; built >> target; ++count)
      EXPECT_TRUE(fs::exists(folder_ / "build/" + target)) << target;
    EXPECT_EQ(count, 3);
  }
  TemporaryFolder folder_;
};

TEST_F(GateExamples, of_make_pass_and_fail_as_the_gate_does) {
  const std::string make = "make -f scenarios/examples/gate.mk gate GATE_OUT=made ";
  Outcome o = run(make + "ALLOW='tokens_per_s=-1% bytes_per_token=+2%'");
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_THAT(o.out, HasSubstr("--allow=tokens_per_s=-1% --allow=bytes_per_token=+2%"));
  EXPECT_THAT(text_of(folder_ / "made/gate.xml"), HasSubstr("<testsuite name=\"gate-small\""));
  EXPECT_THAT(text_of(folder_ / "made/gate.md"),
              StartsWith("<!-- splitwan-gate -->\n### splitwan gate: pass\n"));
  write_scenario("81ms");
  o = run(make);
  EXPECT_EQ(o.code, 2);  // make's own, whatever its command ended with
  EXPECT_THAT(o.err, HasSubstr("gate] Error 3"));
  EXPECT_EQ(run("make -f scenarios/examples/gate.mk gate-update").code, 0);
  EXPECT_EQ(run(make).code, 0);
  EXPECT_THAT(run(make + "ALLOW=tokens=-1%").err, HasSubstr("Error 2"));
  EXPECT_FALSE(fs::exists(folder_ / "setup.log"));  // there was nothing to build
}

// What perl's own reader makes of a YAML file: texts, lists and objects.
class YamlExamples : public GateExamples {
 protected:
  void SetUp() override {
    if (std::system("perl -MCPAN::Meta::YAML -MJSON::PP -e1 2> /dev/null") != 0)
      GTEST_SKIP() << "perl's CPAN::Meta::YAML is absent";
  }
  static json yaml(const std::string& file) {
    const TemporaryFolder folder;
    const std::string script =
        "my $y = CPAN::Meta::YAML->read($ARGV[0]) or die CPAN::Meta::YAML->errstr; print "
        "encode_json($y->[0])";
    const std::string command =
        "perl -MCPAN::Meta::YAML -MJSON::PP -e '" + script + "' " + (examples / file).string();
    EXPECT_EQ(std::system((command + " > " + folder / "json").c_str()), 0);
    return json::parse(text_of(folder / "json"));
  }
};

class GithubExample : public YamlExamples {
 protected:
  GithubExample() {
    // Answers as GitHub would: the comments that are there; and notes what is asked of it.
    write_script(
        folder_ / "bin/gh",
        "echo \"$@\" >> gh.log\n"
        "case \"$*\" in *--jq*) cat comments 2> /dev/null || true ;; esac\n"
        "case \"$*\" in *body=@gate.md) test \"$(head -n 1 gate.md)\" = '<!-- splitwan-gate -->' ;; esac\n");
  }
  // Of expressions that the runner replaces, those that the example has.
  static std::string replaced(std::string text) {
    const std::pair<const char*, const char*> known[] = {{"${{ github.token }}", "secret"},
                                                         {"${{ github.event.number }}", "7"},
                                                         {"${{ github.workspace }}", "."}};
    for (const auto& [expression, value] : known)
      if (const auto at = text.find(expression); at != std::string::npos)
        text.replace(at, std::string(expression).size(), value);
    EXPECT_EQ(text.find("${{"), std::string::npos) << text;
    return text;
  }
  // Every `run` of a job, in order: name -> how it ended. Each step has a summary of its own.
  std::vector<std::pair<std::string, Outcome>> run_job(const std::string& name) const {
    const json job = workflow_["jobs"][name];
    std::vector<std::pair<std::string, Outcome>> ended;
    for (const json& step : job["steps"]) {
      EXPECT_NE(step.contains("uses"), step.contains("run")) << step;
      if (!step.contains("run")) continue;
      std::map<std::string, std::string> environment = {{"CI", "true"},
                                                        {"GITHUB_ACTIONS", "true"},
                                                        {"GITHUB_REPOSITORY", "o/r"},
                                                        {"GITHUB_STEP_SUMMARY", folder_ / "summary"}};
      for (const json& level : {job, step}) {
        const json set = level.value("env", json::object());
        for (const auto& [key, value] : set.items()) environment[key] = replaced(value.get<std::string>());
      }
      std::ofstream(folder_ / "summary") << "";
      ended.emplace_back(step["name"], run(replaced(step["run"]), environment));
    }
    return ended;
  }
  json workflow_ = yaml("gate-github.yml");
};

TEST_F(GithubExample, runs_the_gate_and_comments_once) {
  const auto steps = run_job("gate");
  ASSERT_EQ(steps.size(), 2u);
  for (const auto& [name, outcome] : steps) EXPECT_EQ(outcome.code, 0) << name << outcome.err;
  expect_built_what_it_runs();
  EXPECT_THAT(steps[1].second.out, HasSubstr("\npass: "));
  EXPECT_EQ(steps[1].second.err, "");
  EXPECT_THAT(text_of(folder_ / "summary"), StartsWith("### splitwan gate: pass\n"));

  ASSERT_EQ(run_job("comment").size(), 1u);
  EXPECT_THAT(text_of(folder_ / "gh.log"),
              HasSubstr("--method POST repos/o/r/issues/7/comments --field body=@gate.md\n"));
  std::ofstream(folder_ / "comments") << "41\n42\n";  // his own, of earlier runs
  EXPECT_EQ(run_job("comment")[0].second.code, 0);
  EXPECT_THAT(text_of(folder_ / "gh.log"),
              HasSubstr("--method PATCH repos/o/r/issues/comments/41 --field body=@gate.md\n"));
}

TEST_F(GithubExample, ends_with_the_gates_code_and_annotations) {
  write_scenario("81ms");
  const auto steps = run_job("gate");
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[1].second.code, 3);
  EXPECT_THAT(steps[1].second.err,
              StartsWith("::warning title=inconclusive%3A fingerprint::gate-small: inconclusive: "));
  EXPECT_THAT(text_of(folder_ / "summary"), StartsWith("### splitwan gate: inconclusive\n"));
  EXPECT_EQ(run_job("comment")[0].second.code, 0);
}

TEST_F(GithubExample, hands_on_files_that_are_there) {
  run_job("gate");
  std::size_t used = 0;
  for (const auto& [name, job] : workflow_["jobs"].items()) {
    if (name != "gate") {
      EXPECT_EQ(job["needs"], "gate");
      EXPECT_THAT(job["if"], StartsWith("always() && "));  // also after a failure
    }
    for (const json& step : job["steps"]) {
      const json with = step.value("with", json::object());
      if (with.contains("output-file-path")) {
        ++used;
        const bool bigger = with["tool"] == "customBiggerIsBetter";
        EXPECT_EQ(with["output-file-path"], bigger ? "gate.bigger.json" : "gate.smaller.json");
        EXPECT_FALSE(json::parse(text_of(folder_ / with["output-file-path"].get<std::string>())).empty());
      }
    }
  }
  EXPECT_EQ(used, 2u);
}

TEST_F(YamlExamples, of_gitlab_run_the_gate_and_keep_its_report) {
  const json job = yaml("gate-gitlab.yml")["gate"];
  const std::map<std::string, std::string> environment = {{"CI", "true"}, {"GITLAB_CI", "true"}};
  ASSERT_EQ(job["script"].size(), 2u);
  for (const json& line : job["script"]) {
    const Outcome o = run(line, environment);
    EXPECT_EQ(o.code, 0) << line << o.err;
    EXPECT_EQ(o.err, "");
  }
  expect_built_what_it_runs();
  EXPECT_TRUE(fs::exists(folder_ / job["artifacts"]["reports"]["junit"].get<std::string>()));
  EXPECT_TRUE(fs::exists(folder_ / job["artifacts"]["paths"][0].get<std::string>()));
  write_scenario("81ms");
  EXPECT_EQ(std::to_string(run(job["script"][1], environment).code), job["allow_failure"]["exit_codes"][0]);
}

}  // namespace
}  // namespace splitwan::tests
