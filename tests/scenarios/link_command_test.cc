// `splitwan link` as a user has it: exit codes, its one line, and nothing left behind. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "netsim/kernel/net_namespace.hh"
#include "netsim/link/recording.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/quiet_machine.hh"
#include "tests/fixtures/said_fields.hh"

namespace splitwan::tests {
namespace {

using testing::HasSubstr;

const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "splitwan";

struct Result {
  int code = 0;
  std::string output;
};

Result run(const std::string& arguments) {
  Result result;
  std::FILE* pipe = popen((program + " link " + arguments).c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t bytes = std::fread(buffer.data(), 1, buffer.size(), pipe))
    result.output.append(buffer.data(), bytes);
  const int status = pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

int processes_with(const std::string& text) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(text) != std::string::npos) ++count;
  }
  return count;
}

template <typename Condition>
bool within_5_s(Condition&& condition) {
  for (int i = 0; i < 250; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

class LinkCommand : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = netsim::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  }
};

// A refused connection: one packet each way.
const std::string knock = "\"bash -c 'echo > /dev/tcp/{server}/9' 2> /dev/null || true\"";

TEST_F(LinkCommand, exits_as_the_client_did) {
  EXPECT_EQ(run("--client 'exit 7' 2>&1").code, 7);
  EXPECT_EQ(run("--client 'kill -TERM $$' 2>&1").code, 128 + SIGTERM);
}

TEST_F(LinkCommand, tells_the_client_where_the_server_is) {
  EXPECT_THAT(run("--client 'echo {server} $SPLITWAN_LINK_SERVER $SPLITWAN_LINK_CLIENT' 2> /dev/null").output,
              HasSubstr("10.77.0.2 10.77.0.2 10.77.0.1\n"));
}

TEST_F(LinkCommand, reports_what_crossed_the_link_as_one_object) {
  const auto j = nlohmann::json::parse(
      run("--json --link rtt=10ms,rate=10Mbit --client " + knock + " 2> /dev/null").output);
  EXPECT_EQ(j["schema_version"], 1);
  EXPECT_GE(j["up"]["packets"], 1);
  EXPECT_GE(j["down"]["packets"], 1);
  EXPECT_GT(j["lateness_max_s"], 0);
  EXPECT_GE(expect_said(j, "link"), 18u);
}

TEST_F(LinkCommand, a_link_later_than_its_limit_is_a_failure_in_one_line) {
  const Result result =
      run("--lateness-limit 1ns --client " + knock + " 2>&1 > /dev/null | grep '^splitwan:'");
  EXPECT_THAT(result.output, HasSubstr("is above the limit"));
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1);
  EXPECT_EQ(run("--lateness-limit 1ns --client " + knock + " > /dev/null 2>&1").code, 1);
}

TEST_F(LinkCommand, a_server_that_does_not_listen_is_an_error_that_says_so) {
  const Result result = run("--patience 100ms --server 'sleep 20' --client true 2>&1");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("found no open port"));
}

TEST_F(LinkCommand, an_unknown_word_in_the_link_is_named) {
  const Result result = run("--link rtt=80ms,quee=1MB --client true 2>&1");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("unknown key 'quee'; did you mean 'queue'?"));
}

// 30 requests of 6,000 bytes, echoed, 20 ms apart.
const std::string echo_server =
    "--server \"perl -MIO::Socket::INET -e '"
    "my \\$s = IO::Socket::INET->new(Listen => 1, LocalPort => 7420, ReuseAddr => 1); my \\$c = "
    "\\$s->accept; "
    "my \\$b; while (sysread(\\$c, \\$b, 65536)) { syswrite(\\$c, \\$b) }'\" ";
const std::string echo_client =
    "--client \"perl -MIO::Socket::INET -e '"
    "my \\$c = IO::Socket::INET->new(q({server}:7420)); my \\$b; for (1 .. 30) { syswrite(\\$c, q(x) x "
    "6000); "
    "for (my \\$n = 0; \\$n < 6000;) { \\$n += sysread(\\$c, \\$b, 65536) } select(undef, undef, undef, "
    "0.02) }'\" ";

TEST_F(LinkCommand, records_the_path_that_a_client_used) {
  const TemporaryFolder folder;
  const std::string file = folder / "wan.json";
  on_a_quiet_machine([&] {
    const Result result = run("--link rtt=30ms,rate=20Mbit --record " + file + " --watch '{server}:7420' " +
                              echo_server + echo_client + "--lateness-limit 1s --json 2> /dev/null");
    ASSERT_EQ(result.code, 0);
    const auto j = nlohmann::json::parse(result.output);
    EXPECT_GE(expect_said(j, "link"), 25u);
    EXPECT_NEAR(j["recording"]["round_trip_s"].get<double>(), 0.030, 0.002);
    EXPECT_NEAR(j["recording"]["up"]["rate_bps"].get<double>(), 20e6, 2e6);
    EXPECT_EQ(j["recording"]["connections"], 1);
    EXPECT_GT(netsim::read_recording(file).round_trips.size(), 20u);
  });
}

TEST_F(LinkCommand, records_nothing_where_nothing_is_sent_and_says_so) {
  const TemporaryFolder folder;
  const Result result = run("--record " + (folder / "wan.json") + " --client true 2>&1");
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.output, HasSubstr("record: 10.77.0.2: expected a TCP connection to it"));
  EXPECT_FALSE(std::filesystem::exists(folder / "wan.json"));
}

TEST_F(LinkCommand, a_watch_that_is_no_address_is_refused) {
  EXPECT_THAT(run("--record w.json --watch far --client true 2>&1").output, HasSubstr("expected HOST:PORT"));
  EXPECT_THAT(run("--watch far:1 --client true 2>&1").output, HasSubstr("expected --record FILE with it"));
  EXPECT_THAT(run("--record w.json 2>&1").output, HasSubstr("expected --client with it"));
}

class LinkCommandEnds : public LinkCommand, public testing::WithParamInterface<int> {};

TEST_P(LinkCommandEnds, leaves_no_process_behind) {
  const std::string mark = "40" + std::to_string(getpid());  // a duration that no other sleep has
  const std::string server = "(setsid sleep " + mark + " &); trap '' TERM; sleep " + mark;
  const pid_t link = fork();
  if (link == 0) {
    std::freopen("/dev/null", "w", stderr);
    execl(program.c_str(), "splitwan", "link", "--server", server.c_str(), nullptr);
    _exit(127);
  }
  const bool started = within_5_s([&] { return processes_with("sleep" + std::string(1, '\0') + mark) == 2; });
  kill(link, GetParam());
  int status = 0;
  waitpid(link, &status, 0);
  EXPECT_TRUE(started);
  EXPECT_TRUE(within_5_s([&] { return processes_with(mark) == 0; }));
  if (GetParam() == SIGINT) {
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(On, LinkCommandEnds, testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const auto& info) { return std::string("SIG") + sigabbrev_np(info.param); });

TEST(LinkCommandWithoutRoot, says_so_in_one_line) {
  if (geteuid() != 0) GTEST_SKIP() << "tried by dropping root, and this is not root";
  if (std::system("setpriv --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "setpriv is not installed";
  FILE* pipe =
      popen(("setpriv --reuid 65534 --clear-groups " + program + " link --client true 2>&1").c_str(), "r");
  char line[400] = {}, more[400] = {};
  const char* first = std::fgets(line, sizeof line, pipe);
  const char* second = std::fgets(more, sizeof more, pipe);
  const int status = pclose(pipe);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(second, nullptr);
  EXPECT_THAT(line, HasSubstr("needs root"));
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

}  // namespace
}  // namespace splitwan::tests
