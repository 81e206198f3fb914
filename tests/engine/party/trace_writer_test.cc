// A trace while its runs are being made: what is on the disk then, and whatever ends the program.
#include "engine/party/trace_writer.hh"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::engine {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;

const std::vector<Run>& some_runs() {
  static const auto runs = tests::synthesise({.rtts_s = {0.02, 0.08}, .steps = 4});
  return runs;
}

std::string text_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t files_of(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder.string()), {}));
}

// As a client tells it, but for the end.
void play(const engine::Run& run, Recorder& recorder, std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i) {
    for (const Span& s : run.spans)
      if (s.step == run.steps[i].step && s.party == 0) recorder.span(s);
    recorder.step(run.steps[i]);
  }
}

TEST(TraceWriter, has_each_run_on_the_disk_once_it_is_finished) {
  const TemporaryFolder folder;
  TraceWriter writer(folder / "t.jsonl");
  std::string cut_off;
  for (std::size_t i = 0; i < some_runs().size(); ++i) {
    writer.add(some_runs()[i]);
    const auto there = read_trace_file(folder / "t.jsonl.partial", &cut_off);
    ASSERT_EQ(there.size(), i + 1);
    EXPECT_EQ(there[i].spans, some_runs()[i].spans);
    EXPECT_EQ(there[i].end, some_runs()[i].end);
    EXPECT_EQ(cut_off, "");
  }
  EXPECT_FALSE(fs::exists(folder / "t.jsonl"));
}

TEST(TraceWriter, leaves_the_trace_and_nothing_else_at_the_end) {
  const TemporaryFolder folder;
  TraceWriter writer(folder / "t.jsonl");
  for (auto run = some_runs().rbegin(); run != some_runs().rend(); ++run) writer.add(*run);
  writer.finish(some_runs());
  EXPECT_EQ(text_in(folder / "t.jsonl"), tests::trace_text(some_runs()));
  EXPECT_EQ(files_of(folder), 1u);
  EXPECT_EQ(writer.kept(), "");
}

TEST(TraceWriter, lets_nobody_else_read_prompts) {
  const TemporaryFolder folder;
  TraceWriter writer(folder / "t.jsonl");
  writer.add(some_runs()[0]);
  constexpr fs::perms owner = fs::perms::owner_read | fs::perms::owner_write;
  EXPECT_EQ(fs::status(folder / "t.jsonl.partial").permissions(), owner);
  writer.finish({some_runs()[0]});
  EXPECT_EQ(fs::status(folder / "t.jsonl").permissions(), owner);
}

TEST(TraceWriter, has_each_step_of_a_live_run_on_the_disk_once_it_is_done) {
  const TemporaryFolder folder;
  const engine::Run& run = some_runs()[0];
  TraceWriter writer(folder / "t.jsonl");
  writer.add(run);
  Recorder* live = writer.begin(run.header);
  ASSERT_NE(live, nullptr);
  for (std::size_t steps = 1; steps <= run.steps.size(); ++steps) {
    for (const Span& s : run.spans)
      if (s.step == run.steps[steps - 1].step && s.party == 0) live->span(s);
    live->step(run.steps[steps - 1]);
    std::string cut_off;
    const auto there = read_trace_file(folder / "t.jsonl.partial", &cut_off);
    EXPECT_EQ(cut_off, fmt::format("{}: the last run (sequential, prompt {}) is cut off after step {}",
                                   folder / "t.jsonl.partial", run.header.prompt->name, steps));
    ASSERT_EQ(there.size(), steps > 1 ? 2u : 1u);  // a prompt alone tells nothing
    if (steps == 1) continue;
    EXPECT_EQ(there[1].steps.size(), steps);
    EXPECT_EQ(there[1].header.run, 1u);
  }
  engine::Run done = run;
  done.end["run"] = 1;
  writer.add(done);
  std::string cut_off;
  EXPECT_EQ(read_trace_file(folder / "t.jsonl.partial", &cut_off).at(1).end, done.end);
  EXPECT_EQ(cut_off, "");
}

TEST(TraceWriter, has_the_check_that_ended_a_run_on_the_disk_and_the_outage_that_did) {
  for (const bool check : {true, false}) {
    const TemporaryFolder folder;
    const engine::Run& run = some_runs()[0];
    {
      TraceWriter writer(folder / "t.jsonl");
      Recorder* live = writer.begin(run.header);
      play(run, *live, 3);
      if (check)
        live->check({.step = 3, .peer = 1, .failure = "layer 5"});
      else
        live->outage({.step = 3, .peer = 1, .why = "closed by the peer"});
    }
    std::string cut_off;
    const auto there = read_trace_file(folder / "t.jsonl.partial", &cut_off);
    ASSERT_EQ(there.size(), 1u);
    EXPECT_EQ(there[0].checks.size(), check ? 1u : 0u);
    EXPECT_EQ(there[0].outages.size(), check ? 0u : 1u);
  }
}

TEST(TraceWriter, of_a_process_that_is_killed_has_lost_the_step_it_was_in) {
  const TemporaryFolder folder;
  const engine::Run& run = some_runs()[0];
  const pid_t child = fork();
  if (child == 0) {
    TraceWriter writer(folder / "t.jsonl");
    writer.add(run);
    Recorder* live = writer.begin(run.header);
    play(run, *live, 3);
    live->span(run.spans.back());
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  std::string cut_off;
  const auto there = read_trace_file(folder / "t.jsonl.partial", &cut_off);
  ASSERT_EQ(there.size(), 2u);
  EXPECT_EQ(there[1].steps.size(), 3u);
  EXPECT_THAT(cut_off, HasSubstr("is cut off after step 3"));
  EXPECT_EQ(TraceWriter(folder / "t.jsonl").earlier(), folder / "t.jsonl.partial");
}

TEST(TraceWriter, has_an_outage_on_the_disk_at_once_for_the_next_may_be_the_last) {
  const TemporaryFolder folder;
  const engine::Run& run = some_runs()[0];
  TraceWriter writer(folder / "t.jsonl");
  Recorder* live = writer.begin(run.header);
  play(run, *live, 3);
  const Outage lost{.step = 3, .peer = 1, .begin = Nanos(5), .end = Nanos(9), .attempts = 2, .why = "reset"};
  live->outage(lost);
  std::string cut_off;
  const auto there = read_trace_file(folder / "t.jsonl.partial", &cut_off);
  ASSERT_EQ(there.size(), 1u);
  EXPECT_EQ(there[0].outages, std::vector{lost});
}

TEST(TraceWriter, that_kept_nothing_leaves_nothing) {
  const TemporaryFolder folder;
  {
    TraceWriter writer(folder / "t.jsonl");
    EXPECT_EQ(error_of([&] { writer.keeping([] { throw Error("no such model"); }); }), "no such model");
  }
  EXPECT_EQ(files_of(folder), 0u);
}

TEST(TraceWriter, names_what_it_kept_in_the_line_of_what_ended_it) {
  const TemporaryFolder folder;
  {
    TraceWriter writer(folder / "t.jsonl");
    writer.add(some_runs()[0]);
    EXPECT_EQ(error_of([&] { writer.keeping([]() -> int { throw std::runtime_error("lost\nbacktrace"); }); }),
              "lost; what was done until then is kept in " + folder / "t.jsonl.partial");
  }
  EXPECT_EQ(files_of(folder), 1u);
}

TEST(TraceWriter, writes_over_nothing_that_another_call_kept_and_follows_no_link) {
  const TemporaryFolder folder;
  std::ofstream(folder / "precious") << "precious";
  fs::create_symlink("precious", folder / "t.jsonl.partial");
  TraceWriter first(folder / "t.jsonl"), second(folder / "t.jsonl");
  EXPECT_EQ(first.earlier(), folder / "t.jsonl.partial");
  first.add(some_runs()[0]);
  second.add(some_runs()[1]);
  EXPECT_EQ(first.kept(), folder / "t.jsonl.partial.2");
  EXPECT_EQ(second.kept(), folder / "t.jsonl.partial.3");
  second.finish({some_runs()[1]});
  EXPECT_EQ(text_in(folder / "precious"), "precious");
  EXPECT_TRUE(fs::exists(first.kept()));
}

TEST(TraceWriter, keeps_nothing_beside_what_is_no_file) {
  for (const char* path : {"", "-", "/dev/null"}) {
    TraceWriter writer(path);
    EXPECT_EQ(writer.begin(some_runs()[0].header), nullptr);
    writer.add(some_runs()[0]);
    EXPECT_EQ(writer.kept(), "");
  }
  EXPECT_FALSE(fs::exists("/dev/null.partial"));
}

TEST(PartialTrace, cut_at_any_byte_gives_the_runs_and_steps_that_are_whole) {
  const TemporaryFolder folder;
  const engine::Run run = tests::synthesise({.rtts_s = {0.02}, .steps = 2})[0];
  constexpr std::size_t stride = 11;  // bytes: it comes to stand everywhere in a line
  {
    TraceWriter writer(folder / "t.jsonl");
    writer.add(run);
    play(run, *writer.begin(run.header), run.steps.size());
  }
  const std::string text = text_in(folder / "t.jsonl.partial");
  const std::size_t first = text.find("\"type\":\"end\""), whole = text.find('\n', first);
  for (std::size_t size = whole; size < text.size(); size += stride) {
    std::istringstream in(text.substr(0, size));
    std::string cut_off;
    const auto there = read_trace(in, "t.jsonl.partial", &cut_off);
    ASSERT_EQ(there[0].spans, run.spans);
    for (std::size_t i = 1; i < there.size(); ++i)
      for (std::size_t s = 0; s < there[i].steps.size(); ++s) ASSERT_EQ(there[i].steps[s], run.steps[s]);
  }
  const std::size_t decoded = text.find('\n', text.find("\"step\":2,\"prefill\":false"));
  for (std::size_t size = partial_trace_line.size(); size < whole; size += stride) {
    std::istringstream in(text.substr(0, size));
    std::string cut_off;
    std::vector<engine::Run> there;
    ASSERT_EQ(error_of([&] { there = read_trace(in, "t", &cut_off); }),
              size < decoded ? "t: holds no finished run" : "");
    ASSERT_EQ(there.size(), size < decoded ? 0u : 1u);
  }
}

TEST(PartialTrace, is_refused_where_a_whole_one_is_asked_for) {
  const TemporaryFolder folder;
  TraceWriter writer(folder / "t.jsonl");
  writer.add(some_runs()[0]);
  EXPECT_EQ(error_of([&] { read_trace_file(writer.kept()); }),
            writer.kept() +
                ":1: not a trace line: of a run that has not ended; 'splitwan fit' and 'report' read it");
}

}  // namespace
}  // namespace splitwan::engine
