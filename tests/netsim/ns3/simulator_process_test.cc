// What becomes of a simulator that refuses, dies, hangs or lies: one clear Error each time, and no process
// left.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "engine/base/error.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;
using tests::error_of;
using namespace std::chrono_literals;

const NetworkSpec two = two_party_network(80ms, 1e9, 1e9);
constexpr const char* ready_line =
    R"(echo 'ready {"ns3":"3.37","settings":{},"connections":[{"rtt_s":0.08,"congestion":"x",)"
    R"("forward":{"bps":1e9,"sent":0,"lost":0},"backward":{"bps":1e9,"sent":0,"lost":0}}]}')";

// A shell script in splitwan-sim's place for as long as this lives.
class FakeSimulator {
 public:
  explicit FakeSimulator(const std::string& script) {
    char name[] = "/tmp/splitwan-fake-XXXXXX";
    folder_ = mkdtemp(name);
    const std::string path = folder_ / "sim";
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    chmod(path.c_str(), 0755);
    setenv("SPLITWAN_SIM", path.c_str(), 1);
  }
  ~FakeSimulator() {
    end_idle_simulators();
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a simulator was left behind";
    unsetenv("SPLITWAN_SIM");
    std::filesystem::remove_all(folder_);
  }

 private:
  std::filesystem::path folder_;
};

// Opens, sends one message and waits for it.
std::string error_of_a_message(const std::string& script) {
  FakeSimulator fake(script);
  return error_of([] {
    auto link = make_ns3_simulator(two, nullptr, 300ms);
    link->send(0ns, 0, true, 1, 100);
    link->advance(1s);
  });
}

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

// Advances for minutes, as a client that can be killed meanwhile.
[[noreturn]] void advance_for_long(int told) {
  auto link = make_ns3_simulator(two_party_network(80ms, 1e9, 1e9));
  link->send(0ns, 0, true, 1, 1ull << 40);
  if (write(told, "x", 1) != 1) _exit(1);
  link->advance(Nanos::max());
  _exit(0);
}

TEST(SimulatorProcess, ends_within_two_seconds_of_its_client_though_it_is_advancing) {
  end_idle_simulators();  // the client would use one of ours
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int told[2];
  ASSERT_EQ(pipe(told), 0);
  const pid_t client = fork();
  if (client == 0) advance_for_long(told[1]);
  char byte;
  ASSERT_EQ(read(told[0], &byte, 1), 1);
  std::this_thread::sleep_for(300ms);
  kill(client, SIGKILL);
  ASSERT_EQ(waitpid(client, nullptr, 0), client);

  pid_t left = 0;  // of our children: 0 = some, -1 = none
  for (int i = 0; i < 40 && (left = waitpid(-1, nullptr, WNOHANG)) == 0; ++i)
    std::this_thread::sleep_for(50ms);
  EXPECT_GT(left, 0) << "it still runs";
  std::ifstream orphans("/proc/thread-self/children");
  for (pid_t orphan; orphans >> orphan;) kill(orphan, SIGKILL);
  close(told[0]);
  close(told[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(SimulatorProcess, killed_mid_run_is_named_with_its_signal) {
  EXPECT_SAYS(error_of_a_message(std::string("read open\n") + ready_line + "\nread send\nkill -KILL $$"),
              "ended by signal 9 (Killed)");
}

TEST(SimulatorProcess, exit_without_an_answer_is_named_with_its_status) {
  EXPECT_SAYS(error_of_a_message("read open\nexit 7"), "exit status 7");
}

TEST(SimulatorProcess, silence_ends_at_the_time_allowed) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_SAYS(error_of_a_message(std::string("read open\n") + ready_line + "\nsleep 100"),
              "within the time allowed");
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST(SimulatorProcess, nonsense_is_quoted) {
  EXPECT_SAYS(error_of_a_message("read open\necho hello"), "found: hello");
  EXPECT_SAYS(error_of_a_message("read open\necho 'ready {}'"), "found: {}");
  for (const char* lie : {"delivered soon", "reached 5", "delivered 0 99 1 1 0",
                          "delivered 2000000000 1 1 1 0", "delivered -1 1 1 1 0", "delivered 5 1 1 1 0 more"})
    EXPECT_SAYS(error_of_a_message(std::string("read open\n") + ready_line +
                                   "\nread send\nread advance\necho '" + lie + "'\nread end"),
                std::string("found: ") + lie);
}

TEST(SimulatorProcess, links_that_are_not_as_asked_are_refused_here_too) {
  const auto error_of_ready = [](const std::string& rtt, const std::string& bps, int lost) {
    const std::string way = R"({"bps":)" + bps + R"(,"sent":400,"lost":)" + std::to_string(lost) + "}";
    return error_of_a_message(
        R"(read open; echo 'ready {"ns3":"3.37","settings":{},"connections":[{"rtt_s":)" + rtt +
        R"(,"congestion":"x","forward":)" + way + R"(,"backward":)" + way + "}]}'; read end");
  };
  EXPECT_SAYS(error_of_ready("0.0802", "1e9", 0),
              "edges[0]: expected a round-trip time of 0.080000608 s as asked, found 0.0802 s");
  EXPECT_SAYS(error_of_ready("0.08", "1.02e9", 0),
              "edges[0]: forward: expected a rate of 1e+09 bit/s as asked, found 1.02e+09 bit/s");
  EXPECT_SAYS(error_of_ready("0.08", "1e9", 40),
              "edges[0]: forward: expected a loss of 0 as asked, found 0.1");
}

constexpr const char* totals_line = R"(echo 'totals {"events":1,"elapsed_ns":5,"connections":[]}')";

TEST(SimulatorProcess, one_that_leaves_while_it_is_idle_is_replaced) {
  FakeSimulator fake(std::string("read open\n") + ready_line + "\nread close\n" + totals_line);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(make_ns3_simulator(two)->close().elapsed, 5ns);
    std::this_thread::sleep_for(100ms);  // it leaves
  }
}

TEST(SimulatorProcess, one_that_hangs_or_lies_as_it_closes_is_not_kept) {
  for (const char* end : {"sleep 100", "echo nonsense; read more"}) {
    FakeSimulator fake(std::string("read open\n") + ready_line + "\nread close\n" + end);
    const auto start = std::chrono::steady_clock::now();
    make_ns3_simulator(two, nullptr, 300ms);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  }
}

TEST(SimulatorProcess, nothing_may_be_asked_after_close) {
  auto link = make_ns3_simulator(two);
  link->close();
  EXPECT_SAYS(error_of([&] { link->advance(1s); }), "expected no question after close");
  EXPECT_SAYS(error_of([&] { link->close(); }), "expected no question after close");
}

TEST(SimulatorProcess, missing_program_is_named) {
  setenv("SPLITWAN_SIM", "/nowhere/splitwan-sim", 1);
  EXPECT_SAYS(error_of([] { make_ns3_simulator(two); }),
              "/nowhere/splitwan-sim: cannot be started: No such file");
  unsetenv("SPLITWAN_SIM");
}

TEST(SimulatorProcess, what_the_simulator_refuses_is_said) {
  EXPECT_SAYS(error_of([] { make_ns3_simulator(two_party_network(80ms, 0, 1e9)); }),
              "open: edges[0]: forward: bps: expected a finite rate");
  NetworkSpec spec = two;
  spec.tcp.congestion = "vegas";
  EXPECT_SAYS(error_of([&] { make_ns3_simulator(spec); }), "found \"vegas\"");
  spec = two;
  spec.edges[0].backward.queue_bytes = 100;
  EXPECT_SAYS(error_of([&] { make_ns3_simulator(spec); }), "open: edges[0]: backward: queue_bytes");
}

}  // namespace
}  // namespace splitwan::netsim
