// What a command leaves that something ends: a signal, a lost server, a full disk.
#include <gmock/gmock.h>

#include <fstream>

#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// A command that runs beside the test.
class Beside {
 public:
  explicit Beside(std::vector<std::string> words) {
    words.insert(words.begin(), splitwan_program);
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    if (!std::freopen((folder_ / "out").c_str(), "w", stdout) ||
        !std::freopen((folder_ / "err").c_str(), "w", stderr))
      _exit(3);
    execv(pointers[0], pointers.data());
    _exit(3);
  }
  ~Beside() {
    if (pid_ > 0) end(SIGKILL);
  }
  int end(int signal) {
    int status = 0;
    kill(pid_, signal);
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  int wait() { return end(0); }
  std::string said() const { return text_of(folder_ / "err"); }

 private:
  TemporaryFolder folder_;
  pid_t pid_ = 0;
};

std::size_t count_in(const std::string& path, const std::string& what) {
  const std::string text = text_of(path);
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Until the file holds it so often; false after a minute.
bool comes(const std::string& path, const std::string& what, std::size_t often) {
  for (int i = 0; i < 3000; ++i, std::this_thread::sleep_for(20ms))
    if (fs::exists(path) && count_in(path, what) >= often) return true;
  return false;
}

std::vector<std::string> live(const Server& server, const std::string& trace) {
  return {"generate",         "--model",      demo_model, "--prompt",
          "once upon a time", "--ignore-eos", "--server", address(server.announced()),
          "--max-new-tokens", "400",          "--trace",  trace};
}

TEST(Interrupted, a_client_asks_for_a_lost_server_as_long_as_it_was_told_to) {
  const TemporaryFolder folder;
  const std::string trace = folder / "t.jsonl";
  Server server({"--model", demo_model, "--layers", "2:10"});
  std::vector<std::string> words = live(server, trace);
  words.insert(words.end(), {"--max-outage", "700ms"});
  Beside client(words);
  ASSERT_TRUE(comes(trace + ".partial", "\"type\":\"step\"", 5)) << client.said();
  const auto lost = std::chrono::steady_clock::now();
  server.end(SIGKILL);
  EXPECT_EQ(client.wait(), 2);
  EXPECT_GE(std::chrono::steady_clock::now() - lost, 700ms);
  EXPECT_THAT(client.said(), HasSubstr("0.7 s"));
}

TEST(Interrupted, a_client_that_loses_its_server_names_the_trace_it_kept_and_a_report_reads_it) {
  const TemporaryFolder folder;
  const std::string trace = folder / "t.jsonl", partial = trace + ".partial";
  Server server({"--model", demo_model, "--layers", "2:10"});
  std::vector<std::string> words = live(server, trace);
  words.insert(words.end(), {"--max-outage", "1s"});
  Beside client(words);
  ASSERT_TRUE(comes(partial, "\"type\":\"step\"", 5)) << client.said();
  server.end(SIGKILL);
  EXPECT_EQ(client.wait(), 2);
  EXPECT_THAT(client.said(), HasSubstr("; what was done until then is kept in " + partial + "\n"));
  EXPECT_FALSE(fs::exists(trace));
  const Outcome report = splitwan("report --json " + partial);
  EXPECT_EQ(report.code, 0) << report.err;
  EXPECT_THAT(report.err, HasSubstr(partial + ": the last run (sequential, prompt prompt) is cut off after"));
  EXPECT_GT(report.json()["results"][0]["tokens_per_s"], 0);
}

TEST(Interrupted, a_client_that_is_killed_leaves_its_steps_and_the_next_one_names_them) {
  const TemporaryFolder folder;
  const std::string trace = folder / "t.jsonl", partial = trace + ".partial";
  Server server({"--model", demo_model, "--layers", "2:10"});
  Beside client(live(server, trace));
  ASSERT_TRUE(comes(partial, "\"type\":\"step\"", 5)) << client.said();
  EXPECT_EQ(client.end(SIGKILL), 128 + SIGKILL);
  EXPECT_EQ(splitwan("report " + partial).code, 0);
  const Outcome next =
      splitwan("generate --model " + demo_model + " --prompt a --max-new-tokens 2 --trace " + trace);
  EXPECT_EQ(next.code, 0);
  EXPECT_THAT(next.err, HasSubstr(partial + ": runs of another call, which did not end"));
  EXPECT_TRUE(fs::exists(partial));
  EXPECT_TRUE(fs::exists(trace));
}

TEST(Interrupted, a_run_of_many_cells_keeps_those_that_were_finished) {
  const TemporaryFolder folder;
  const std::string trace = folder / "t.jsonl", partial = trace + ".partial";
  for (const int signal : {SIGINT, SIGTERM}) {
    nlohmann::json rtts = nlohmann::json::array();
    for (int ms = 1; ms <= 4000; ++ms) rtts.push_back(std::to_string(ms) + "ms");
    auto scenario = nlohmann::json::parse(text_of(SPLITWAN_SOURCE_DIR "/scenarios/published-wan.json"),
                                          nullptr, true, /*ignore_comments=*/true);
    scenario["replay"]["profile"] = SPLITWAN_SOURCE_DIR "/scenarios/profiles/mistral-7b-3090-a100.json";
    scenario.erase("summary");
    scenario["sweep"] = {{"network.rtt", rtts}};
    std::ofstream(folder / "many.json") << scenario;
    Beside run({"run", folder / "many.json", "-o", trace});
    ASSERT_TRUE(comes(partial, "\"type\":\"end\"", 2)) << run.said();
    EXPECT_EQ(run.end(signal), 128 + signal);
    EXPECT_THAT(run.said(), HasSubstr("ended by a signal: what was done until then is kept in " + partial));
    EXPECT_EQ(splitwan("report " + partial).code, 0);
    fs::remove(partial);
    fs::remove(folder / "many.json");
    EXPECT_TRUE(fs::is_empty(folder.string()));
  }
}

TEST(Interrupted, a_file_that_may_not_grow_is_one_line_and_leaves_nothing) {
  const TemporaryFolder folder;
  const Outcome whole = splitwan("generate --model " + demo_model +
                                 " --prompt a --max-new-tokens 8 --trace " + folder / "t.jsonl");
  ASSERT_EQ(whole.code, 0) << whole.err;
  const std::string out = folder / "r.html";
  const std::string command =
      "ulimit -f 4; " + splitwan_program + " report " + folder / "t.jsonl -o " + out + " 2>" + folder / "err";
  const int status = std::system(("/bin/sh -c '" + command + "'").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_EQ(text_of(folder / "err"), "splitwan: " + out + ": cannot be written: File too large\n");
  fs::remove(folder / "err");
  fs::remove(folder / "t.jsonl");
  EXPECT_TRUE(fs::is_empty(folder.string()));
}

TEST(Interrupted, a_command_whose_remarks_nobody_can_read_does_its_work) {
  const std::string command = splitwan_program + " generate --model " + demo_model +
                              " --prompt a --max-new-tokens 2 2>/dev/full >/dev/null";
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 0);
}

}  // namespace
}  // namespace splitwan::tests
