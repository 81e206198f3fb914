// A server's log, whatever is behind its descriptor.
#include "scenarios/watch/log.hh"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "engine/base/json_file.hh"
#include "scenarios/watch/line_writer.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using engine::Level;
using std::chrono::steady_clock;
using testing::ElementsAre, testing::HasSubstr, testing::MatchesRegex;
using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    ::close(ends[1]);
    if (ends[0] >= 0) ::close(ends[0]);
  }
  void nobody_reads_any_longer() { ::close(std::exchange(ends[0], -1)); }
  std::string take(std::size_t most = 1 << 20) const {
    std::string text(most, 0);
    const auto got = ::read(ends[0], text.data(), most);
    return text.substr(0, got > 0 ? static_cast<std::size_t>(got) : 0);
  }
  int ends[2] = {-1, -1};
};

struct File {
  explicit File(const std::string& path)
      : descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) {}
  ~File() { ::close(descriptor); }
  int descriptor;
};

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> logged(Level least, bool json, const std::function<void(Log&)>& job) {
  const tests::TemporaryFolder folder;
  const File file(folder / "log");
  {
    Log log(file.descriptor, least, json);
    job(log);
  }
  return lines_of(folder / "log");
}

// What a program has that did not ask for another: a lost reader kills it.
class WithPipeSignal : public testing::Test {
 protected:
  void SetUp() override { before_ = std::signal(SIGPIPE, SIG_DFL); }
  void TearDown() override { std::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int) = nullptr;
};

TEST(Log, has_time_level_and_words_of_each_line) {
  const std::vector<LogNumber> numbers = {{"rows", 3}, {"layers_s", 0.0125}};
  const auto lines = logged(Level::info, false, [&](Log& log) {
    log.line(Level::info, "session 1: client 10.0.0.2:5 \"begins\"");
    log.line(Level::debug, "not asked for");
    log.line(Level::warning, "computed", numbers);
  });
  const std::string time = "time=2[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+[.][0-9]+Z ";
  EXPECT_THAT(lines,
              ElementsAre(MatchesRegex(time + "level=info message=\"session 1: client 10.0.0.2:5 "
                                              "\\\\\"begins\\\\\"\""),
                          MatchesRegex(time + "level=warning message=\"computed\" rows=3 layers_s=0.0125")));
}

TEST(Log, is_json_where_that_is_asked_for) {
  const std::vector<LogNumber> numbers = {{"rows", 3}, {"rtt_s", NAN}};
  const auto lines = logged(Level::debug, true, [&](Log& log) { log.line(Level::error, "a \\ b", numbers); });
  ASSERT_EQ(lines.size(), 1u);
  const auto j = engine::Json::parse(lines[0]);
  EXPECT_EQ(j["level"], "error");
  EXPECT_EQ(j["message"], "a \\ b");
  EXPECT_EQ(j["rows"], 3);
  EXPECT_TRUE(j["rtt_s"].is_null());
  EXPECT_THAT(j["time"].get<std::string>(), testing::EndsWith("Z"));
}

TEST(Log, is_printable_and_each_entry_is_one_line_whoever_wrote_it) {
  const auto lines = logged(Level::info, false, [](Log& log) {
    log.line(Level::info, "a\nb\x1b[31mc\x9f\xff {} %v");
    log.line(Level::info, std::string(1 << 20, 'x'));
  });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("a b [31mc"));
  EXPECT_THAT(lines[0], HasSubstr("{} %v"));
  EXPECT_LT(lines[1].size(), 2100u);
}

TEST(Log, names_its_levels) {
  EXPECT_EQ(level_named("warning"), Level::warning);
  EXPECT_THAT(tests::error_of([] { level_named("loud"); }),
              HasSubstr("'loud': expected debug, info, warning"));
}

TEST_F(WithPipeSignal, a_log_without_a_reader_loses_lines_and_nothing_else) {
  Pipe pipe;
  Log log(pipe.ends[1], Level::info, false);
  pipe.nobody_reads_any_longer();
  for (int i = 0; i < 100; ++i) log.line(Level::info, "anybody?");
  const auto deadline = steady_clock::now() + 10s;
  while (log.lost() < 100 && steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(log.lost(), 100u);
}

TEST_F(WithPipeSignal, a_log_on_a_full_disk_loses_lines_and_nothing_else) {
  const File full("/dev/full");
  Log log(full.descriptor, Level::info, false);
  for (int i = 0; i < 10; ++i) log.line(Level::info, "no room");
  const auto deadline = steady_clock::now() + 10s;
  while (log.lost() < 10 && steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(log.lost(), 10u);
}

TEST(Log, holds_nobody_up_where_its_reader_does_not_read) {
  const Pipe pipe;
  const auto begin = steady_clock::now();
  constexpr int count = 20'000;
  {
    Log log(pipe.ends[1], Level::info, false);
    for (int i = 0; i < count; ++i) log.line(Level::info, std::string(200, 'x'));
    EXPECT_GT(log.lost(), count / 2u);
  }
  EXPECT_LT(steady_clock::now() - begin, 5s);  // 20,000 waits would be an hour
}

TEST(LineWriter, finds_its_way_back_to_whole_lines) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], 20ms);
  const std::string line = std::string(999, 'a') + "\n";
  while (writer.lost() == 0) writer.write(line);  // nobody reads: the last is there in part, or not at all
  std::string seen = pipe.take();
  writer.write("b\n");
  seen += pipe.take();
  EXPECT_THAT(seen, testing::EndsWith("\nb\n"));
  EXPECT_EQ(writer.lost(), 1u);
}

TEST(LineWriter, leaves_the_descriptor_as_everybody_else_has_it) {
  const Pipe pipe;
  const LineWriter writer(pipe.ends[1]);
  EXPECT_EQ(::fcntl(pipe.ends[1], F_GETFL) & O_NONBLOCK, 0);
}

}  // namespace
}  // namespace splitwan::scenarios
