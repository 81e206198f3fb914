// `generate --verbose`: what is said while it goes, and that the text stays what it was.
#include <gmock/gmock.h>
#include <pty.h>

#include <regex>

#include "tests/fixtures/live_server.hh"

namespace splitwan::tests {
namespace {

using testing::HasSubstr, testing::Not;

const std::string ask =
    "generate --model " + demo_model + " --prompt 'once upon a time' --max-new-tokens 24 ";

TEST(Verbose, says_at_the_end_where_the_time_of_a_live_run_went) {
  Server server({"--model", demo_model, "--layers", "2:10"});
  const Outcome quiet = splitwan(ask),
                said = splitwan(ask + "--verbose --split 2,2 --server " + address(server.announced()));
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, quiet.out);
  EXPECT_THAT(said.err,
              testing::ContainsRegex("[0-9.]+ tokens a step; RTT [0-9.]+ ms; network [0-9]+ %, server "
                                     "[0-9]+ %, client [0-9]+ %\n"));
  EXPECT_THAT(said.err, Not(HasSubstr("\033")));  // no terminal
  EXPECT_THAT(quiet.err, Not(HasSubstr("tokens a step")));
  EXPECT_EQ(server.end(SIGTERM), 0);
}

TEST(Verbose, is_silent_about_a_network_that_there_is_none) {
  const Outcome o = splitwan(ask + "-v --json");
  EXPECT_EQ(o.json()["text"], splitwan(ask + "--json").json()["text"]);
  EXPECT_THAT(o.err, Not(HasSubstr("network")));
}

TEST(Verbose, leaves_the_text_whole_on_a_terminal) {
  int master = -1;
  winsize size{24, 200, 0, 0};
  const std::string command = splitwan_program + " " + ask + "-v";
  const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("CI");
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  std::string terminal;
  std::array<char, 4096> buffer;
  for (ssize_t bytes = 0; (bytes = ::read(master, buffer.data(), buffer.size())) > 0;)
    terminal.append(buffer.data(), static_cast<std::size_t>(bytes));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(master);
  EXPECT_EQ(status, 0);
  // Without what is drawn elsewhere between saving the cursor and putting it back, and without the row set
  // aside.
  std::string text = std::regex_replace(terminal, std::regex("\0337[\\s\\S]*?\0338"), "");
  text = std::regex_replace(text, std::regex("\r?\n\033\\[1A"), "");
  const std::string whole = splitwan(ask).out;
  EXPECT_EQ(text.substr(0, whole.size() - 1), whole.substr(0, whole.size() - 1));
  EXPECT_THAT(terminal, HasSubstr("\0337\033[r\033[999;1H\033[2K\0338"));
}

}  // namespace
}  // namespace splitwan::tests
