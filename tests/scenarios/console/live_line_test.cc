// The live line as a terminal gets it.
#include "scenarios/console/live_line.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <regex>

namespace splitwan::scenarios {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith, testing::HasSubstr, testing::Not, testing::StartsWith;

const std::string given_back = "\0337\033[r\033[999;1H\033[2K\0338";

struct Seen {
  std::string terminal;
  int status = 0;
};

// What `job` writes to a terminal of 24 rows that is its stdin, stdout and stderr.
Seen on_a_terminal(const std::function<void()>& job, const char* term = "xterm") {
  int master = -1;
  winsize size{24, 80, 0, 0};
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("TERM", term, 1);
    ::unsetenv("CI");
    job();
    _exit(0);
  }
  Seen seen;
  std::array<char, 4096> buffer;
  while (true) {
    const auto bytes = ::read(master, buffer.data(), buffer.size());
    if (bytes <= 0) break;
    seen.terminal.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  ::waitpid(child, &seen.status, 0);
  ::close(master);
  return seen;
}

void print(std::string_view text) {
  [[maybe_unused]] const auto put = ::write(STDOUT_FILENO, text.data(), text.size());
}

// What stays of the text when what is drawn elsewhere, and the cursor's ways there and back, are left out.
std::string text_in(const std::string& terminal) {
  const std::string inside = std::regex_replace(terminal, std::regex("\0337[\\s\\S]*?\0338"), "");
  return std::regex_replace(inside, std::regex("\r?\n\033\\[1A"), "");
}

TEST(LiveLine, stays_out_of_the_text_that_goes_to_the_same_terminal) {
  const Seen seen = on_a_terminal([] {
    const LiveLine line([] { return std::string("7 tokens; RTT 80 ms"); }, true);
    for (const char* piece : {"once ", "upon ", "a ", "time"}) {
      print(piece);
      std::this_thread::sleep_for(150ms);
    }
  });
  EXPECT_EQ(text_in(seen.terminal), "once upon a time");
  EXPECT_THAT(seen.terminal, HasSubstr("\033[1;23r"));  // the text scrolls above it
  EXPECT_THAT(seen.terminal, HasSubstr("\033[24;1H\033[2K7 tokens; RTT 80 ms\0338"));  // drawn below
  EXPECT_THAT(seen.terminal, EndsWith(given_back));
}

TEST(LiveLine, gives_the_terminal_back_whatever_ends_the_program) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    const Seen seen = on_a_terminal([signal] {
      const LiveLine line([] { return std::string("x"); }, true);
      ::raise(signal);
      std::this_thread::sleep_for(20s);
    });
    EXPECT_TRUE(WIFSIGNALED(seen.status) && WTERMSIG(seen.status) == signal) << signal;
    EXPECT_THAT(seen.terminal, EndsWith(given_back)) << signal;
  }
}

TEST(LiveLine, takes_its_row_again_when_a_stopped_program_goes_on) {
  const Seen seen = on_a_terminal([] {
    const LiveLine line([] { return std::string("x"); }, true);
    ::raise(SIGTSTP);
    std::this_thread::sleep_for(700ms);
    ::raise(SIGINT);
  });
  const auto count = [&](const std::string& what) {
    std::size_t found = 0;
    for (auto at = seen.terminal.find(what); at != seen.terminal.npos; at = seen.terminal.find(what, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("\033[1;23r"), 2u);
  EXPECT_EQ(count(given_back), 2u);
  EXPECT_THAT(seen.terminal, EndsWith(given_back));
  EXPECT_TRUE(WIFSIGNALED(seen.status) && WTERMSIG(seen.status) == SIGINT);
}

TEST(LiveLine, is_drawn_in_place_where_the_text_goes_elsewhere) {
  const auto elsewhere = [](bool prints) {
    return on_a_terminal([prints] {
      if (prints) ::dup2(::open("/dev/null", O_WRONLY), STDOUT_FILENO);
      const LiveLine line([] { return std::string("7 tokens\x1b[31m"); }, prints);
      std::this_thread::sleep_for(700ms);
    });
  };
  for (const bool prints : {true, false}) {
    const std::string terminal = elsewhere(prints).terminal;
    EXPECT_THAT(terminal, StartsWith("\r\033[2K7 tokens [31m"));
    EXPECT_THAT(terminal, EndsWith("\r\033[2K"));
    EXPECT_THAT(terminal, Not(HasSubstr("\033[r")));
  }
}

TEST(LiveLine, draws_nothing_on_a_terminal_that_cannot) {
  const Seen seen = on_a_terminal(
      [] {
        const LiveLine line([] { return std::string("x"); }, true);
        print("text");
        std::this_thread::sleep_for(600ms);
      },
      "dumb");
  EXPECT_EQ(seen.terminal, "text");
}

}  // namespace
}  // namespace splitwan::scenarios
