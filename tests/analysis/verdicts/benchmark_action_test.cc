// github-action-benchmark's files, read as its extract.ts and extractRangeInfo.ts read them.
#include "analysis/verdicts/benchmark_action.hh"

#include <gmock/gmock.h>

#include <regex>
#include <set>

#include "tests/analysis/verdicts/gate_results.hh"

namespace splitwan::analysis {
namespace {

// Array.map over {name, value, unit, range, extra}; a range counts where it is "± NUMBER".
void expect_readable(const Json& file, std::size_t entries) {
  ASSERT_TRUE(file.is_array());
  EXPECT_EQ(file.size(), entries);
  for (const Json& entry : file) {
    for (const auto& [key, value] : entry.items())
      EXPECT_TRUE(key == "value" ? value.is_number() : value.is_string()) << key;
    EXPECT_TRUE(entry.contains("name") && entry.contains("unit") && entry.contains("value"));
    const std::string range = entry.value("range", "± 0");
    EXPECT_TRUE(std::regex_match(range, std::regex("± [0-9.]+(e[+-][0-9]+)?"))) << range;
  }
}

TEST(BenchmarkFiles, part_what_should_grow_from_what_should_shrink) {
  const auto r = tests::gate_of_everything();
  const auto files = benchmark_files(r);
  const Json bigger = Json::parse(files.bigger), smaller = Json::parse(files.smaller);
  expect_readable(bigger, 3);
  expect_readable(smaller, 4);  // the row without a value is in neither
  EXPECT_EQ(
      bigger[0],
      Json({{"name", "gate-plain / 80 ms, 100 Mbit/s, ngram / tokens_per_s"},
            {"unit", "tokens/s"},
            {"value", 12.25},
            {"extra", "baseline: 12.5 tokens/s\nchange: -2 %\nverdict: regressed\n" + r.rows[0].reason}}));
  EXPECT_EQ(smaller[3]["value"], 0.98e9);
  EXPECT_EQ(smaller[3]["range"], "± 1e+07");  // (0.99 - 0.97) / 2 of 1e9
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(bigger[i]["value"], r.rows[3 * i].current);
}

TEST(BenchmarkFiles, keep_every_bit_of_a_value_and_a_name_of_its_own_for_each) {
  GateResult r = tests::gate_of_everything();
  r.rows[0].current = 12.3456789012345678;
  EXPECT_EQ(Json::parse(benchmark_files(r).bigger)[0]["value"].get<double>(), r.rows[0].current);
  std::set<std::string> names;
  const auto many = Json::parse(benchmark_files(tests::gate_of_many_rows()).smaller);
  for (const Json& entry : many) names.insert(entry["name"].get<std::string>());
  EXPECT_EQ(names.size(), 20000u);
}

TEST(BenchmarkFiles, are_valid_whatever_the_names_and_empty_where_nothing_is) {
  const auto files = benchmark_files(tests::gate_of_hostile_names());
  expect_readable(Json::parse(files.bigger), 3);
  expect_readable(Json::parse(files.smaller), 4);
  EXPECT_EQ(benchmark_files({}).bigger, "[]\n");
}

TEST(BenchmarkFiles, lie_beside_each_other) {
  EXPECT_EQ(benchmark_paths("a/out.json").bigger, "a/out.bigger.json");
  EXPECT_EQ(benchmark_paths("a/out.json").smaller, "a/out.smaller.json");
  EXPECT_EQ(benchmark_paths("out").smaller, "out.smaller.json");
  EXPECT_EQ(benchmark_paths(".json").bigger, ".json.bigger.json");
}

}  // namespace
}  // namespace splitwan::analysis
