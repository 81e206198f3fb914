// Counts: what is made of them, and who counts them here.
#include "scenarios/gate/instructions.hh"

#include <gmock/gmock.h>
#include <linux/perf_event.h>

#include <cstdlib>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"
#include "scenarios/gate/instructions_callgrind.hh"
#include "scenarios/gate/instructions_perf.hh"
#include "scenarios/jobs/scratch_folder.hh"

namespace splitwan::scenarios {
namespace {

using analysis::Verdict;
using testing::AllOf, testing::Contains, testing::HasSubstr, testing::StartsWith, testing::ThrowsMessage;

const Instructions before{"callgrind", "avx2", "ngram, 16 tokens", 2e6};

Verdict verdict_at(double change, double least = 0.005) {
  Instructions now = before;
  now.per_token *= 1 + change;
  return instructions_row("a", now, before, least).verdict;
}

TEST(Instructions, differ_when_they_differ_by_more_than_the_limit) {
  EXPECT_EQ(verdict_at(0.02), Verdict::regressed);
  EXPECT_EQ(verdict_at(-0.02), Verdict::improved);
  EXPECT_EQ(verdict_at(0.0049), Verdict::pass);
  EXPECT_EQ(verdict_at(-0.0049), Verdict::pass);
  EXPECT_EQ(verdict_at(0.0049, 0.001), Verdict::regressed);
  Instructions now = before;
  now.per_token = 2.04e6;
  EXPECT_THAT(instructions_row("a", now, before, 0.005).reason,
              AllOf(StartsWith("+2.000 %"), HasSubstr("ngram, 16 tokens by callgrind on the avx2 path")));
}

TEST(Instructions, counted_in_two_ways_are_not_compared) {
  for (const Instructions& now : {Instructions{"perf", "avx2", before.sample, 2e6},
                                  Instructions{"callgrind", "avx512", before.sample, 2e6},
                                  Instructions{"callgrind", "avx2", "sequential, 16 tokens", 2e6}}) {
    const auto row = instructions_row("a", now, before, 0.005);
    EXPECT_EQ(row.verdict, Verdict::inconclusive);
    EXPECT_THAT(row.reason,
                AllOf(HasSubstr(now.tool), HasSubstr(now.isa), HasSubstr(now.sample), HasSubstr("before")));
  }
}

TEST(Instructions, are_the_same_after_a_file) {
  EXPECT_EQ(instructions_of(to_json(before), "baseline.json"), before);
  engine::Json without = to_json(before);
  without.erase("isa");
  EXPECT_THAT([&] { instructions_of(without, "baseline.json"); },
              ThrowsMessage<engine::Error>(AllOf(HasSubstr("baseline.json"), HasSubstr("isa"))));
}

TEST(Instructions, by_callgrind_are_of_what_parties_do_only) {
  const auto words = callgrind_command({"/a/splitwan-engine", "run", "s.json"}, "/tmp/count");
  EXPECT_THAT(words, Contains("--collect-atstart=no"));
  EXPECT_THAT(words, Contains("--toggle-collect=splitwan::netsim::Conductor::run(*)"));
  EXPECT_THAT(words, Contains("--callgrind-out-file=/tmp/count.%p"));
  EXPECT_EQ(words.back(), "s.json");
}

TEST(Instructions, of_callgrinds_file_are_its_total) {
  const ScratchFolder folder;
  const std::string file = (folder.path / "count.1").string();
  engine::write_file(file, "version: 1\nevents: Ir\nfn=(1) main\n16 400\n\ntotals: 43699411\n");
  EXPECT_EQ(callgrind_total(file), 43699411u);
  engine::write_file(file, "version: 1\nevents: Ir\n");
  EXPECT_THAT([&] { callgrind_total(file); },
              ThrowsMessage<engine::Error>(HasSubstr(file + ": expected a line")));
}

// The machine may count no instructions; the kernel counts page faults everywhere, through the same door.
TEST(PerfCount, is_of_a_child_and_of_what_it_starts) {
  const PerfEvent faults{PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS};
  if (const std::string why = why_perf_cannot_count(faults); !why.empty()) GTEST_SKIP() << why;
  const auto once = perf_count({"/bin/sh", "-c", "exit 0"}, {}, faults);
  const auto many =
      perf_count({"/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done; wait"}, {}, faults);
  ASSERT_TRUE(once && many);
  std::printf("page faults: %llu, with nine children %llu\n", static_cast<unsigned long long>(*once),
              static_cast<unsigned long long>(*many));
  EXPECT_GT(*once, 20u);
  EXPECT_GT(*many, *once + 9 * 20);
  EXPECT_LT(*many, *once * 40);
  EXPECT_THAT(
      [&] {
        perf_count({"/bin/sh", "-c", "echo no >&2; exit 3"}, {}, faults);
      },
      ThrowsMessage<engine::Error>(HasSubstr("/bin/sh: no")));
  EXPECT_EQ(perf_count(
                {"/bin/sleep", "60"}, [] { return true; }, faults),
            std::nullopt);
}

TEST(CountingTool, says_why_it_is_not_the_processor) {
  std::string why;
  const std::string no_perf = why_perf_cannot_count();
  std::printf("instructions: %s\n", no_perf.empty() ? "counted by the processor" : no_perf.c_str());
  EXPECT_EQ(counting_tool("none", why), std::nullopt);
  const char* path = std::getenv("PATH");
  const std::string kept = path ? path : "";
  setenv("PATH", "/nowhere", 1);
  if (no_perf.empty()) {
    EXPECT_EQ(counting_tool("auto", why), CountingTool::perf);
  } else {
    EXPECT_EQ(counting_tool("auto", why), std::nullopt);
    EXPECT_EQ(why, "instructions are not counted: " + no_perf + "; no valgrind in PATH");
    EXPECT_THAT([&] { counting_tool("perf", why); }, ThrowsMessage<engine::Error>(HasSubstr(no_perf)));
  }
  EXPECT_THAT([&] { counting_tool("callgrind", why); },
              ThrowsMessage<engine::Error>(HasSubstr("valgrind in PATH")));
  const ScratchFolder folder;
  engine::write_file((folder.path / "valgrind").string(), "#!/bin/sh\n");
  std::filesystem::permissions(folder.path / "valgrind", std::filesystem::perms::owner_all);
  setenv("PATH", ("/nowhere:" + folder.path.string()).c_str(), 1);
  EXPECT_EQ(counting_tool("callgrind", why), CountingTool::callgrind);
  if (!no_perf.empty()) {
    EXPECT_EQ(counting_tool("auto", why), CountingTool::callgrind);
    EXPECT_EQ(why, "instructions are counted by callgrind: " + no_perf);
  }
  setenv("PATH", kept.c_str(), 1);
}

}  // namespace
}  // namespace splitwan::scenarios
