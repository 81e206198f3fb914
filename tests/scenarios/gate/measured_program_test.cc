// Which programs are compared, what they are asked, and how a command line says so.
#include "scenarios/gate/measured_program.hh"

#include <gmock/gmock.h>

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "engine/party/trace.hh"
#include "scenarios/gate/measured_options.hh"
#include "scenarios/jobs/child_run.hh"
#include "scenarios/jobs/scratch_folder.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"
#include "tests/fixtures/wider_model.hh"

namespace splitwan::scenarios {
namespace {

namespace fs = std::filesystem;
using testing::Contains, testing::HasSubstr, testing::ThrowsMessage;

const std::string shipped = SPLITWAN_SOURCE_DIR "/scenarios/";

engine::Run run_of(const std::string& program, const std::string& file, const std::vector<std::string>& set) {
  const ScratchFolder folder;
  const std::string trace = (folder.path / "trace.jsonl").string();
  std::vector<std::string> command{program, "run", file, "-o", trace};
  for (const std::string& s : set) command.insert(command.end(), {"--set", s});
  const ChildResult child = run_child(command);
  EXPECT_EQ(child.exit_code, 0) << why_failed(child);
  auto runs = engine::read_trace_file(trace);
  EXPECT_EQ(runs.size(), 1u);
  return runs.at(0);
}

TEST(ProgramAt, is_the_one_named_or_the_one_in_a_build_folder) {
  const ScratchFolder folder;
  const fs::path build = folder.path / "build";
  fs::create_directories(build);
  EXPECT_THAT(
      [&] { program_at(folder.path.string()); },
      ThrowsMessage<engine::Error>(HasSubstr("expected a folder with a program splitwan, found none")));
  engine::write_file((build / "splitwan").string(), "#!/bin/sh\n");
  EXPECT_THAT([&] { program_at((build / "splitwan").string()); },
              ThrowsMessage<engine::Error>(HasSubstr("expected a program that can be run")));
  fs::permissions(build / "splitwan", fs::perms::owner_all);
  for (const fs::path& path : {build / "splitwan", build, folder.path})
    EXPECT_EQ(program_at(path.string()), (build / "splitwan").string());
  EXPECT_THAT([&] { engine_beside((build / "splitwan").string()); },
              ThrowsMessage<engine::Error>(HasSubstr("splitwan-engine: expected beside")));
}

TEST(ScenarioKind, is_told_by_its_keys) {
  const auto kind = [](const std::string& file) { return kind_of(read_scenario_file(shipped + file, {})); };
  EXPECT_EQ(kind("quickstart.json"), ScenarioKind::model);
  EXPECT_EQ(kind("what-if-grid.json"), ScenarioKind::replay);
  EXPECT_EQ(kind("validate-link.json"), ScenarioKind::validation);
  EXPECT_EQ(kind("del.json"), ScenarioKind::study);
}

TEST(Sample, of_every_shipped_gate_is_one_run_of_so_many_tokens) {
  std::size_t gates = 0;
  for (const auto& entry : fs::directory_iterator(shipped)) {
    const std::string file = entry.path().string();
    if (!entry.path().filename().string().starts_with("gate-")) continue;
    ++gates;
    const engine::Run run = run_of(splitwan_path(), file, sample_of(read_scenario_file(file, {}), 5));
    EXPECT_EQ(run.end.at("output_ids").size(), 5u) << file;
    EXPECT_EQ(run.header.network.kind, "ideal") << file;
  }
  EXPECT_GE(gates, 3u);
}

TEST(Sample, of_a_sweep_is_its_first_cell) {
  const Json scenario = read_scenario_file(shipped + "quickstart.json", {});
  const auto set = sample_of(scenario, 16);
  EXPECT_THAT(set, Contains("sweep={}"));
  EXPECT_THAT(set, Contains(R"(prompts=["prompts/code.json"])"));
  EXPECT_EQ(sample_text(scenario, 16), "sequential, 16 tokens");
}

TEST(WiderModel, takes_more_arithmetic_for_the_same_tokens) {
  const ScratchFolder folder;
  const std::string slower = program_at(tests::slower_build(folder.path, splitwan_path(), 12));
  const auto set = sample_of(read_scenario_file(shipped + "gate-split.json", {}), 24);
  const engine::Run ours = run_of(splitwan_path(), shipped + "gate-split.json", set),
                    wider = run_of(slower, shipped + "gate-split.json", set);
  EXPECT_EQ(wider.end.at("output_ids"), ours.end.at("output_ids"));
  EXPECT_EQ(wider.header.geometry.at("ffn"), 12 + ours.header.geometry.at("ffn").get<int>());
  EXPECT_EQ(wider.spans.size(), ours.spans.size());
}

MeasuredOptions parsed(std::vector<std::string> words) {
  MeasuredOptions o;
  CLI::App app;
  add_measured_options(app, o);
  std::ranges::reverse(words);
  app.parse(words);
  return o;
}

TEST(MeasuredOptions, are_read_with_their_units) {
  const MeasuredOptions plain = parsed({});
  EXPECT_EQ(plain.repetitions, 9u);
  EXPECT_EQ(plain.least_effect, 0.02);
  EXPECT_EQ(plain.time_limit_s, 600);
  const MeasuredOptions all =
      parsed({"--against", "old", "--repetitions", "30", "--least-effect", "1%", "--alpha", "0.01",
              "--time-limit", "90s", "--instructions", "callgrind", "--least-instructions", "0.2%"});
  EXPECT_EQ(all.against, "old");
  EXPECT_EQ(all.repetitions, 30u);
  EXPECT_EQ(all.least_effect, 0.01);
  EXPECT_EQ(all.alpha, 0.01);
  EXPECT_EQ(all.time_limit_s, 90);
  EXPECT_EQ(all.instructions, "callgrind");
  EXPECT_EQ(all.least_instructions, 0.002);
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--repetitions", "8"},
                                                {"--least-effect", "0"},
                                                {"--least-effect", "2"},
                                                {"--alpha", "1"},
                                                {"--time-limit", "0s"},
                                                {"--time-limit", "10"},
                                                {"--instructions", "some"}})
    EXPECT_THROW(parsed(wrong), CLI::ParseError) << wrong[0] << " " << wrong[1];
}

}  // namespace
}  // namespace splitwan::scenarios
