// One build against itself: comparisons drawn from a recording of real runs on a busy machine.
#include <gmock/gmock.h>

#include <boost/math/distributions/binomial.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/base/json_file.hh"
#include "scenarios/gate/measured_trials.hh"

namespace splitwan::scenarios {
namespace {

constexpr int comparisons = 200;

struct Recording {
  std::vector<double> runs;  // in the order in which they were made
};

// Pairs were made in turn: first second, second first, ..
Recording recording() {
  const auto json = engine::read_json_file(SPLITWAN_SOURCE_DIR "/scenarios/recordings/gate-aa.json");
  const auto first = json.at("first_us").get<std::vector<double>>(),
             second = json.at("second_us").get<std::vector<double>>();
  Recording found;
  for (std::size_t i = 0; i < first.size(); ++i) {
    found.runs.push_back(i % 2 == 0 ? first[i] : second[i]);
    found.runs.push_back(i % 2 == 0 ? second[i] : first[i]);
  }
  return found;
}

struct Compared {
  int regressed = 0, improved = 0, passed = 0, inconclusive = 0;
  std::vector<std::size_t> pairs;
};

// Each comparison begins at a run drawn by chance and takes the runs after it as they came, by the rules of a
// gate: nine pairs, and more until the power calculation is content. So what neighbours share they keep. In
// each block of four runs (ours theirs theirs ours) a coin says which of the two programs is called ours:
// both are the same.
Compared compare_again(double effect, std::size_t most_runs = std::numeric_limits<std::size_t>::max()) {
  const auto runs = recording().runs;
  std::mt19937_64 random(2026);
  Compared found;
  for (int i = 0; i < comparisons; ++i) {
    const analysis::TrialRules rules{
        .alpha = alpha_after_looks * 0.05, .seed = static_cast<std::uint64_t>(i), .draws = 500};
    const std::size_t begin = random() % (runs.size() / 4) * 4;
    std::vector<MeasuredSeries> all{{"compute", {}}};
    std::size_t taken = 0;
    bool swapped = false;
    take_turns(all,
               [&](std::size_t, int program) -> std::optional<ComputeSample> {
                 if (taken == std::min(runs.size(), most_runs)) return std::nullopt;
                 if (taken % 4 == 0) swapped = random() >> 63;
                 // take_turns asks ours theirs theirs ours; swapped it gets the block's runs in its other
                 // order.
                 const std::size_t at = taken % 4, from = swapped ? at ^ 1u : at;
                 const double took = runs[(begin + taken / 4 * 4 + from) % runs.size()];
                 ++taken;
                 return ComputeSample{took * (program == 0 ? 1 + effect : 1), {}, 1, 1};
               },
               {.least = 9, .rules = rules});
    const auto finding = analysis::judge({trial_of(all[0])}, rules)[0];
    found.pairs.push_back(all[0].pairs());
    switch (finding.verdict) {
      case analysis::Verdict::regressed:
        ++found.regressed;
        break;
      case analysis::Verdict::improved:
        ++found.improved;
        break;
      case analysis::Verdict::pass:
        ++found.passed;
        break;
      case analysis::Verdict::inconclusive:
        ++found.inconclusive;
        break;
    }
  }
  std::ranges::sort(found.pairs);
  std::printf(
      "effect %.3f: %d regressed, %d improved, %d passed, %d inconclusive; %zu to %zu pairs, half up to "
      "%zu\n",
      effect, found.regressed, found.improved, found.passed, found.inconclusive, found.pairs.front(),
      found.pairs.back(), found.pairs[comparisons / 2]);
  return found;
}

TEST(AgainstItself, was_recorded_often_enough) { EXPECT_GE(recording().runs.size(), 2 * 400u); }

TEST(AgainstItself, a_build_differs_no_more_often_than_is_stated) {
  const Compared found = compare_again(0);
  const boost::math::binomial stated(comparisons, 0.05);
  const int alarms = found.regressed + found.improved;
  EXPECT_LE(alarms, static_cast<int>(quantile(complement(stated, 0.01))));  // 18
  EXPECT_LE(found.regressed, 0.05 * comparisons);                           // what fails a gate
  EXPECT_EQ(alarms + found.passed + found.inconclusive, comparisons);
  EXPECT_GE(found.passed, comparisons / 2);
}

// The same recording, ours two percent slower: seen at least as often as the power calculation promises.
TEST(AgainstItself, two_percent_more_is_found) {
  const Compared found = compare_again(0.02);
  EXPECT_GE(found.regressed, static_cast<int>(0.75 * comparisons));
  EXPECT_EQ(found.improved, 0);
}

// A tenth of the time that it takes: neither verdict would be honest.
TEST(AgainstItself, is_inconclusive_where_time_was_up_long_before) {
  for (const double effect : {0.0, 0.02}) {
    const Compared found = compare_again(effect, 2 * 9);
    EXPECT_GE(found.inconclusive, static_cast<int>(0.75 * comparisons));
    EXPECT_LE(found.passed, static_cast<int>(0.1 * comparisons));
  }
}

}  // namespace
}  // namespace splitwan::scenarios
