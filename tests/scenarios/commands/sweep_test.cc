// `sweep` and `merge` as users have them: killed, resumed, sharded, merged, failing.
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "tests/fixtures/said_fields.hh"

extern char** environ;

namespace splitwan::tests {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const std::string scenarios = SPLITWAN_SOURCE_DIR "/scenarios";

class SweepCommand : public testing::Test {
 protected:
  // Of replays through ns-3, a factor of `values` seeds.
  void write_design(int values, json more = json::object()) {
    json design = {{"scenario", scenarios + "/what-if-grid.json"},
                   {"set", {{"replay.batches.steps", 12}, {"network.rate", "10Mbit"}}},
                   {"factors", {{"network.loss", {0, 0.01}}, {"seed", json::array()}}}};
    for (int i = 1; i <= values; ++i) design["factors"]["seed"].push_back(i);
    design.update(more);
    std::ofstream(path("d.json")) << design;
  }
  std::string path(const std::string& file) const { return folder_ / file; }
  std::string sweep(const std::string& options) const { return "sweep " + path("d.json") + " " + options; }
  std::size_t lines(const std::string& file) const {
    const std::string text = text_of(path(file));
    return static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }

  // Starts it, kills it with `signal` when so many cells are kept; gives its exit code.
  int sweep_until(std::size_t kept, int signal, const std::string& table) const {
    std::vector<std::string> words{splitwan_program, "sweep", path("d.json"), "-o", path(table)};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t pid = 0;
    if (posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0) return -1;
    int status = 0;
    while (lines(table + ".cells") < kept && waitpid(pid, &status, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    kill(pid, signal);
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  TemporaryFolder folder_;
};

TEST_F(SweepCommand, killed_at_random_three_times_it_ends_in_the_same_bytes) {
  write_design(20);
  const Outcome whole = splitwan(sweep("-o " + path("whole.csv --json")));
  ASSERT_EQ(whole.code, 0) << whole.err;
  expect_said(whole.json(), "sweep");
  EXPECT_EQ(whole.json()["ran"], 40);
  EXPECT_EQ(lines("whole.csv"), 41u);
  std::mt19937 random(7);
  std::size_t kept = 0;
  for (int time = 0; time < 3; ++time) {
    kept += 1 + random() % 9;
    EXPECT_EQ(sweep_until(kept + static_cast<std::size_t>(time), SIGKILL, "t.csv"), 128 + SIGKILL);
    EXPECT_FALSE(fs::exists(path("t.csv")));
    EXPECT_GE(lines("t.csv.cells"), kept);
    // As if the machine had died while it wrote.
    std::ofstream(path("t.csv.cells"), std::ios::app) << R"({"hash":"0123456789","rows":[{"netw)";
  }
  const Outcome rest = splitwan(sweep("-o " + path("t.csv --json")));
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_GE(rest.json()["known"], kept);
  EXPECT_EQ(rest.json()["ran"].get<std::size_t>() + rest.json()["known"].get<std::size_t>(), 40u);
  EXPECT_EQ(text_of(path("t.csv")), text_of(path("whole.csv")));
}

TEST_F(SweepCommand, interrupted_it_says_that_the_same_line_goes_on) {
  write_design(20);
  EXPECT_EQ(sweep_until(3, SIGINT, "t.csv"), 128 + SIGINT);
  EXPECT_FALSE(fs::exists(path("t.csv")));
  const Outcome rest = splitwan(sweep("--jobs 1 -o " + path("t.csv --json")));
  EXPECT_EQ(rest.code, 0) << rest.err;
  EXPECT_GE(rest.json()["known"], 3);
}

// A simulator that dies: the cell is tried once more, and the others run.
class DyingSimulator : public SweepCommand {
 protected:
  // `deaths`: so many of the first starts end at once.
  void write_simulator(int deaths) {
    const std::string real = (fs::path(splitwan_program).parent_path() / "splitwan-sim").string();
    std::ofstream(path("sim")) << "#!/bin/sh\necho x >> " << path("starts") << "\n[ $(wc -l < "
                               << path("starts") << ") -le " << deaths << " ] && exit 3\nexec " << real
                               << "\n";
    fs::permissions(path("sim"), fs::perms::owner_all);
    setenv("SPLITWAN_SIM", path("sim").c_str(), 1);
    fs::remove(path("starts"));
  }
  void TearDown() override { unsetenv("SPLITWAN_SIM"); }
};

TEST_F(DyingSimulator, once_is_borne) {
  write_design(2);
  write_simulator(1);
  const Outcome o = splitwan(sweep("--jobs 1 -o " + path("t.csv --json")));
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_TRUE(o.json()["failed"].empty());
  EXPECT_EQ(lines("starts"), 2u);  // one that died, one that served all cells
}

TEST_F(DyingSimulator, twice_is_a_failed_cell_that_is_named_and_the_others_run) {
  write_design(2);
  write_simulator(2);
  const Outcome o = splitwan(sweep("--jobs 1 -o " + path("t.csv --json")));
  EXPECT_EQ(o.code, 2);
  ASSERT_EQ(o.json()["failed"].size(), 1u);
  const json failed = o.json()["failed"][0];
  EXPECT_EQ(failed["cell"], 0);
  EXPECT_NE(failed["reason"].get<std::string>().find("exit status 3"), std::string::npos);
  EXPECT_NE(o.err.find("failed: cell 0 (network.loss=0, seed=1): "), std::string::npos) << o.err;
  EXPECT_EQ(lines("starts"), 3u);
  EXPECT_EQ(lines("t.csv"), 5u);
  EXPECT_EQ(lines("t.csv.cells"), 3u);
  const Outcome again = splitwan(sweep("-o " + path("t.csv --json")));
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.json()["ran"], 1);
  unsetenv("SPLITWAN_SIM");  // another simulator's results are others
  EXPECT_EQ(splitwan(sweep("-o " + path("t.csv --json"))).json()["ran"], 4);
}

TEST_F(SweepCommand, shards_merge_to_the_bytes_of_the_whole) {
  write_design(3);
  for (const std::string kind : {"csv", "jsonl"}) {
    ASSERT_EQ(splitwan(sweep("-o " + path("whole." + kind))).code, 0);
    std::string shards;
    for (const char* i : {"3", "1", "2"}) {
      const std::string shard = path(kind + i);
      const Outcome o = splitwan(sweep(std::string("--shard ") + i + "/3 --json -o " + shard));
      ASSERT_EQ(o.code, 0) << o.err;
      expect_said(o.json(), "sweep");
      EXPECT_EQ(o.json()["shard"]["cells"], 2);
      shards += " " + shard;
    }
    const Outcome merged = splitwan("merge" + shards + " --json -o " + path("merged." + kind));
    ASSERT_EQ(merged.code, 0) << merged.err;
    expect_said(merged.json(), "merge");
    EXPECT_EQ(text_of(path("merged." + kind)), text_of(path("whole." + kind)));
  }
}

TEST_F(SweepCommand, merge_names_what_is_lost_repeated_or_foreign) {
  write_design(1);
  ASSERT_EQ(splitwan(sweep("--shard 1/2 -o " + path("one"))).code, 0);
  ASSERT_EQ(splitwan(sweep("--shard 1/2 -o " + path("same"))).code, 0);
  ASSERT_EQ(splitwan(sweep("--shard 2/2 -o " + path("two"))).code, 0);
  write_design(2);
  ASSERT_EQ(splitwan(sweep("--shard 1/2 -o " + path("other"))).code, 0);
  const std::string to = " -o " + path("t.csv");
  expect_refusal("merge " + path("one") + to, "lost: shards 2 of 2");
  expect_refusal("merge " + path("one ") + path("two ") + path("same") + to,
                 "repeated: shard 1 in " + path("one, ") + path("same"));
  expect_refusal("merge " + path("one ") + path("two ") + path("other") + to,
                 "of another design: " + path("other"));
  EXPECT_FALSE(fs::exists(path("t.csv")));
  const Outcome partial =
      splitwan("merge --partial --json " + path("one ") + path("same ") + path("other") + to);
  EXPECT_EQ(partial.code, 0) << partial.err;
  EXPECT_NE(partial.err.find("lost: shards 2 of 2"), std::string::npos);
  EXPECT_EQ(partial.json()["lost"], json({2}));
  EXPECT_EQ(partial.json()["missing"], 1);
  EXPECT_EQ(partial.json()["repeated"][0]["shard"], 1);
  EXPECT_EQ(partial.json()["foreign"][0], path("other"));
  EXPECT_EQ(lines("t.csv"), 2u);
}

TEST_F(SweepCommand, sharded_tokens_and_their_bytes_stand_in_the_table) {
  std::ofstream(path("d.json")) << json{
      {"scenario", scenarios + "/cascade-grid.json"},
      {"set", {{"network.kind", "ideal"}, {"replay.batches.wide_rows", {1}}}},
      {"factors", {{"cascade.alpha", {2, 3}}, {"network.rtt", {"20ms"}}}}};
  const Outcome o = splitwan(sweep("-o " + path("t.jsonl")));
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.err.find("its own sweep over cascade.cluster, network.rate is left out"), std::string::npos)
      << o.err;
  std::istringstream text(text_of(path("t.jsonl")));
  int alpha = 2;
  for (std::string line; std::getline(text, line); ++alpha) {
    const json row = json::parse(line);
    EXPECT_EQ(row["cascade.alpha"], alpha);
    EXPECT_EQ(row["cascade.nodes"], alpha * alpha + alpha);
    EXPECT_GT(row["cascade.bytes"], 0);
    EXPECT_EQ(row["cascade.bytes"], row["cascade.formula_bytes"]);
    EXPECT_GT(row["cascade.critical.attn_s"], 0);
    EXPECT_GT(row["tokens_per_s"], 0);
  }
  EXPECT_EQ(alpha, 4);
}

// By `splitwan run`: a row per drafter; what its reader refuses is told first.
TEST_F(SweepCommand, models_run_as_replays_do) {
  std::ofstream(path("s.json")) << json{{"model", demo_model},
                                        {"network", {{"kind", "ideal"}}},
                                        {"decode", {"sequential", "ngram"}},
                                        {"prompts", {"def add(a, b):"}},
                                        {"rehearse", false},
                                        {"max_new_tokens", 4}};
  std::ofstream(path("d.json")) << json{
      {"scenario", "s.json"}, {"design", "list"}, {"cells", {{{"network.rtt", "20ms"}}, {{"wire", "f17"}}}}};
  const Outcome checked = splitwan(sweep("--check"));
  EXPECT_EQ(checked.code, 2);
  EXPECT_EQ(checked.out, "d: 2 cells, 1 refused\n");
  EXPECT_NE(checked.err.find("cell 1 (wire=f17): "), std::string::npos) << checked.err;
  const Outcome o = splitwan(sweep("-o " + path("t.jsonl --json")));
  EXPECT_EQ(o.code, 2);
  EXPECT_EQ(o.json()["failed"].size(), 1u);
  std::istringstream text(text_of(path("t.jsonl")));
  std::vector<json> rows;
  for (std::string line; std::getline(text, line);) rows.push_back(json::parse(line));
  ASSERT_EQ(rows.size(), 3u);
  const Outcome alone = splitwan("run " + path("s.json") + " --set network.rtt=20ms --json");
  ASSERT_EQ(alone.code, 0) << alone.err;
  for (std::size_t i = 0; i < 2; ++i) {
    const json result = alone.json()["results"][i];
    for (const char* key : {"drafter", "tokens_per_s", "bytes_up", "round_trips", "acceptance"})
      EXPECT_EQ(rows[i][key], result[key]) << key;
    EXPECT_EQ(rows[i]["step.total_s"], result["step"]["total_s"]);
    EXPECT_EQ(rows[i]["network.rtt"], "20ms");
    EXPECT_EQ(rows[i]["wire"], "f32");  // a factor, which this cell does not set
  }
  EXPECT_EQ(rows[2]["status"], "failed");
}

TEST_F(SweepCommand, run_checks_every_cell_of_a_scenario_s_sweep) {
  const Outcome good = splitwan("run --check --json " + scenarios + "/what-if-grid.json");
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(good.json()["cells"], 1000);
  expect_said(good.json(), "run");
  const Outcome bad =
      splitwan("run --check --json " + scenarios + "/what-if-grid.json --set 'network.rtt=[\"1ms\"]'");
  EXPECT_EQ(bad.code, 2);
  EXPECT_EQ(bad.json()["refused"].size(), 100u);
  expect_said(bad.json(), "run");
}

TEST_F(SweepCommand, refuses_in_one_line) {
  write_design(1);
  expect_refusal(sweep(""), "expected -o FILE");
  expect_refusal(sweep("-o " + path("t.txt")), "ends in .csv or .jsonl");
  expect_refusal(sweep("-o -"), "expected a file");
  expect_refusal(sweep("-o " + path("d.json")), "is an input");
  expect_refusal(sweep("--shard 4/3 -o " + path("x")), "expected I/N");
  expect_refusal("sweep " + path("none.json") + " -o " + path("t.csv"), "none.json");
  expect_refusal("merge " + path("none") + " -o " + path("t.csv"), "none");
  write_design(1, {{"desing", "grid"}});
  expect_refusal(sweep("-o " + path("t.csv")), "did you mean 'design'?");
}

// The shards' and the merge's lines of the CI example, as a runner would run them.
TEST_F(SweepCommand, the_matrix_of_the_CI_example_gives_the_bytes_of_one_run) {
  write_design(8);
  ASSERT_EQ(splitwan(sweep("-o " + path("whole.csv"))).code, 0);
  std::istringstream text(text_of(scenarios + "/sweep/examples/ci-matrix.yml"));
  const auto replace = [](std::string& line, const std::string& what, const std::string& with) {
    for (auto at = line.find(what); at != std::string::npos; at = line.find(what, at + with.size()))
      line.replace(at, what.size(), with);
  };
  int shards = 0, merges = 0;
  for (std::string line; std::getline(text, line);) {
    const auto at = line.find("- run: build/splitwan ");
    if (at == std::string::npos) continue;
    std::string command = "cd " + folder_.string() + " && " + line.substr(at + 7) + " > out";
    replace(command, "build/splitwan", splitwan_program);
    replace(command, "scenarios/sweep-grid.json", "d.json");
    const bool sharded = command.find("${{ matrix.shard }}") != std::string::npos;
    (sharded ? shards : merges) += 1;
    for (int shard = 1; shard <= (sharded ? 8 : 1); ++shard) {
      std::string one = command;
      replace(one, "${{ matrix.shard }}", std::to_string(shard));
      EXPECT_EQ(std::system(one.c_str()), 0) << one;
    }
  }
  EXPECT_EQ(shards, 1);
  EXPECT_EQ(merges, 1);
  EXPECT_EQ(text_of(path("table.csv")), text_of(path("whole.csv")));
}

// The example's script, on this machine.
void expect_the_same_bytes(const std::string& script) {
  const TemporaryFolder folder;
  const std::string design = scenarios + "/sweep-small.json", examples = scenarios + "/sweep/examples/";
  ASSERT_EQ(splitwan("sweep " + design + " -o " + folder / "one.csv").code, 0);
  const std::string command = "SPLITWAN=" + splitwan_program + " " + examples + script + " " + design + " " +
                              folder / "many.csv" + " 8 > " + folder / "said" + " 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << text_of(folder / "said");
  EXPECT_EQ(text_of(folder / "many.csv"), text_of(folder / "one.csv"));
}

bool there_are(const std::string& programs) {
  return std::system(("PATH=$PATH:/usr/sbin && for p in " + programs +
                      "; do command -v $p > /dev/null || exit 1; done")
                         .c_str()) == 0;
}

TEST(SweepExamples, a_slurm_array_gives_the_bytes_of_one_run) {
  if (geteuid() != 0 || !there_are("munged slurmctld slurmd sbatch"))
    GTEST_SKIP() << "needs root, slurm-wlm and munge";
  expect_the_same_bytes("slurm-array.sh");
}

TEST(SweepExamples, gnu_parallel_over_ssh_gives_the_bytes_of_one_run) {
  if (geteuid() != 0 || !there_are("parallel sshd ssh-keygen"))
    GTEST_SKIP() << "needs root, parallel and openssh-server";
  expect_the_same_bytes("parallel-ssh.sh");
}

TEST(SweepDesigns, that_are_shipped_are_read) {
  for (const auto& [file, cells] :
       {std::pair("sweep-grid.json", 10'000), std::pair("sweep-small.json", 24)}) {
    const Outcome o = splitwan("sweep --check --json " + scenarios + "/" + file);
    EXPECT_EQ(o.code, 0) << o.err;
    EXPECT_EQ(o.json()["cells"], cells);
    EXPECT_TRUE(o.json()["failed"].empty());
  }
}

}  // namespace
}  // namespace splitwan::tests
