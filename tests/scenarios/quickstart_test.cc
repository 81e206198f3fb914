// README.md's table of the quickstart, against the quickstart.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>

#include "analysis/summary/summary.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

struct Figures {
  std::string sequential, ngram;
};

std::string digits(const Json& tokens_per_s) { return fmt::format("{:.2f}", tokens_per_s.get<double>()); }

// By round-trip time in ms, rate in Mbit/s and loss in %.
std::map<std::tuple<int, int, double>, Figures> measured() {
  const auto scenarios = load_scenarios(SPLITWAN_SOURCE_DIR "/scenarios/quickstart.json", {});
  const Json found = analysis::summarise(model::Study(run_scenarios(scenarios, [](auto...) {})));
  std::map<std::tuple<int, int, double>, Figures> all;
  for (const Json& r : found["results"]) {
    Figures& f = all[{std::lround(r["rtt_s"].get<double>() * 1e3),
                      std::lround(r["up_bps"].get<double>() / 1e6), r["loss"].get<double>() * 100}];
    (r["drafter"] == "ngram" ? f.ngram : f.sequential) = digits(r["tokens_per_s"]);
  }
  return all;
}

TEST(Quickstart, gives_the_tokens_per_second_of_the_readme) {
  const auto found = measured();
  const std::regex row(R"(\| (\d+) ms \| ([\d.]+) \| ([\d.]+) \| ([\d., ]*)\| ([\d., ]*)\|)"),
      pair(R"(([\d.]+), ([\d.]+) )");
  std::ifstream page(SPLITWAN_SOURCE_DIR "/README.md");
  int compared = 0;
  for (std::string line; std::getline(page, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    const int rtt = std::stoi(cells[1]);
    EXPECT_EQ(cells[2], found.at({rtt, 100, 0}).sequential) << line;
    EXPECT_EQ(cells[3], found.at({rtt, 100, 0}).ngram) << line;
    compared += 2;
    for (const auto& [column, rate, loss] : {std::tuple{4, 2, 0.0}, {5, 100, 0.5}}) {
      const std::string text = cells[column];
      std::smatch both;
      if (!std::regex_match(text, both, pair)) continue;
      EXPECT_EQ(both[1], found.at({rtt, rate, loss}).sequential) << line;
      EXPECT_EQ(both[2], found.at({rtt, rate, loss}).ngram) << line;
      compared += 2;
    }
  }
  EXPECT_EQ(compared, 16) << "every figure of eight links and two drafters";
}

}  // namespace
}  // namespace splitwan::scenarios
