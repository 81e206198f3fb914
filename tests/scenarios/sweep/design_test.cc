// Which cells a design has.
#include "scenarios/sweep/design.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <set>

#include "engine/base/units.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::ElementsAre, testing::HasSubstr;

Design design(const Json& json) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "d.json") << json;
  return read_design(folder / "d.json");
}

std::string refusal(const Json& json) {
  return tests::error_of([&] { design(json); });
}

Json drawn(const char* kind, int count, const Json& factors, int seed = 1) {
  return {{"scenario", "s.json"}, {"design", kind}, {"count", count}, {"seed", seed}, {"factors", factors}};
}

TEST(Design, a_grid_is_every_combination_the_last_factor_fastest) {
  const Design d =
      design({{"scenario", "s.json"},
              {"factors", {{"network.rtt", {"20ms", "80ms"}}, {"network.loss", {0, 0.1, 0.2}}}}});
  EXPECT_EQ(d.name, "d");
  EXPECT_THAT(d.keys(), ElementsAre("network.rtt", "network.loss"));
  std::vector<std::string> cells;
  for (const Json& cell : cells_of(d))
    cells.push_back(cell["network.rtt"].get<std::string>() + " " + cell["network.loss"].dump());
  EXPECT_THAT(cells, ElementsAre("20ms 0", "20ms 0.1", "20ms 0.2", "80ms 0", "80ms 0.1", "80ms 0.2"));
}

TEST(Design, a_list_is_its_cells_and_its_keys_those_of_all) {
  const Json cells = {{{"wire", "f16"}}, {{"seed", 2}, {"wire", "f32"}}, Json::object()};
  const Design d = design({{"scenario", "s.json"}, {"design", "list"}, {"cells", cells}});
  EXPECT_THAT(d.keys(), ElementsAre("wire", "seed"));
  EXPECT_EQ(Json(cells_of(d)), cells);
}

const Json three = {{"network.rtt", {{"from", "5ms"}, {"to", "300ms"}, {"scale", "log"}}},
                    {"network.rate", {{"from", "5Mbit"}, {"to", "1Gbit"}, {"scale", "linear"}}},
                    {"network.loss", {{"from", "0%"}, {"to", "2%"}}}};

// In which of `count` equal shares of its range a cell's value lies, for each key of `three`.
std::vector<int> strata(const Json& cell, int count) {
  const double rtt =
      std::log(static_cast<double>(engine::parse_duration(cell["network.rtt"].get<std::string>()).count()) /
               5e6) /
      std::log(60.);
  const double rate = (engine::parse_rate(cell["network.rate"].get<std::string>()) - 5e6) / 995e6;
  const double loss = engine::parse_fraction(cell["network.loss"].get<std::string>()) / 0.02;
  std::vector<int> in;
  for (const double share : {rtt, rate, loss}) in.push_back(static_cast<int>(std::floor(share * count)));
  return in;
}

TEST(Design, a_latin_hypercube_has_one_value_of_each_factor_in_each_share_of_its_range) {
  for (const int count : {1, 7, 100, 1000}) {
    const auto cells = cells_of(design(drawn("latin-hypercube", count, three)));
    ASSERT_EQ(cells.size(), static_cast<std::size_t>(count));
    std::vector<std::set<int>> hit(3);
    for (const Json& cell : cells) {
      const auto in = strata(cell, count);
      for (std::size_t f = 0; f < 3; ++f) hit[f].insert(in[f]);
    }
    for (const auto& shares : hit) {
      EXPECT_EQ(shares.size(), static_cast<std::size_t>(count));
      EXPECT_EQ(*shares.begin(), 0);
      EXPECT_EQ(*shares.rbegin(), count - 1);
    }
  }
}

TEST(Design, the_factors_of_a_latin_hypercube_do_not_follow_each_other) {
  double product = 0;  // of two uniform factors' correlation
  const int count = 1000;
  for (const Json& cell : cells_of(design(drawn("latin-hypercube", count, three)))) {
    const auto in = strata(cell, count);
    product += (in[0] - 499.5) * (in[1] - 499.5);
  }
  EXPECT_LT(std::abs(product / count / (1000. * 1000 / 12)), 4 / std::sqrt(1000.));  // 4 standard errors
}

TEST(Design, draws_lists_in_equal_shares_and_whole_numbers_with_both_ends) {
  std::map<std::string, int> seen;
  const Json factors = {{"wire", {"f32", "f16", "int8", "int4"}}, {"seed", {{"from", 1}, {"to", 5}}}};
  for (const Json& cell : cells_of(design(drawn("latin-hypercube", 100, factors)))) {
    ++seen[cell["wire"].get<std::string>()];
    ++seen[cell["seed"].dump()];
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"f32", 25},
                                              {"f16", 25},
                                              {"int8", 25},
                                              {"int4", 25},
                                              {"1", 20},
                                              {"2", 20},
                                              {"3", 20},
                                              {"4", 20},
                                              {"5", 20}}));
}

TEST(Design, draws_are_a_function_of_the_seed) {
  for (const char* kind : {"random", "latin-hypercube"}) {
    const auto cells = [&](int seed) { return Json(cells_of(design(drawn(kind, 50, three, seed)))).dump(); };
    EXPECT_EQ(cells(1), cells(1));
    EXPECT_NE(cells(1), cells(2));
  }
}

TEST(Design, more_draws_leave_the_first_ones_as_they_are) {
  const auto few = cells_of(design(drawn("random", 20, three))),
             many = cells_of(design(drawn("random", 80, three)));
  EXPECT_EQ(Json(few), Json(std::vector<Json>(many.begin(), many.begin() + 20)));
}

// What is written is what a scenario's reader makes of it: whole nanoseconds, bits and bytes, in the first
// unit.
TEST(Design, writes_values_in_the_first_unit_so_that_they_are_read_back_exactly) {
  const Json factors = {{"network.rtt", {{"from", "5ms"}, {"to", "1s"}, {"scale", "log"}}},
                        {"network.rate", {{"from", "500kbit"}, {"to", "1Gbit"}, {"scale", "log"}}},
                        {"network.queue", {{"from", "64KiB"}, {"to", "4MB"}}},
                        {"network.loss", {{"from", "0.01%"}, {"to", "2%"}, {"scale", "log"}}},
                        {"network.timeout", {{"from", "1min"}, {"to", "2min"}}},
                        {"noise", {{"from", 0.5}, {"to", 2}}}};
  for (const Json& cell : cells_of(design(drawn("random", 200, factors)))) {
    const auto text = [&](const char* key) { return cell[key].get<std::string>(); };
    const auto ns = engine::parse_duration(text("network.rtt")).count();
    ASSERT_TRUE(text("network.rtt").ends_with("ms"));
    EXPECT_EQ(std::llround(std::stod(text("network.rtt")) * 1e6), ns);
    EXPECT_GE(ns, 5'000'000);
    EXPECT_LE(ns, 1'000'000'000);
    EXPECT_LE(text("network.rtt").size(), 12u);  // no digits beyond the nanosecond
    ASSERT_TRUE(text("network.rate").ends_with("kbit"));
    const double rate = engine::parse_rate(text("network.rate"));
    EXPECT_NEAR(rate, std::round(rate), 1e-6);
    EXPECT_GE(rate, 5e5);
    ASSERT_TRUE(text("network.queue").ends_with("B"));
    EXPECT_GE(engine::parse_bytes(text("network.queue")), 65536u);
    ASSERT_TRUE(text("network.loss").ends_with("%"));
    EXPECT_GE(engine::parse_fraction(text("network.loss")), 0.0001);
    EXPECT_LE(engine::parse_fraction(text("network.loss")), 0.02);
    ASSERT_TRUE(text("network.timeout").ends_with("s"));
    EXPECT_GE(engine::parse_duration(text("network.timeout")), std::chrono::seconds(60));
    ASSERT_TRUE(cell["noise"].is_number_float());
    EXPECT_EQ(Json::parse(cell["noise"].dump()), cell["noise"]);
  }
}

TEST(Design, refuses_in_words_that_name_the_key) {
  const Json good = {{"scenario", "s.json"}, {"factors", {{"wire", {"f32"}}}}};
  const auto with = [&](const char* key, const Json& value) {
    Json json = good;
    json[key] = value;
    return refusal(json);
  };
  EXPECT_EQ(refusal(good), "");
  EXPECT_THAT(with("factor", 1), HasSubstr("factors"));  // the nearest known one
  EXPECT_THAT(with("count", 3), HasSubstr("count: a grid has none"));
  EXPECT_THAT(with("cells", Json::array()), HasSubstr("cells: a grid has none"));
  EXPECT_THAT(with("design", "cube"), HasSubstr("latin-hypercube, found 'cube'"));
  EXPECT_THAT(with("factors", Json::object()), HasSubstr("factors: expected a key"));
  EXPECT_THAT(with("factors", {{"wire", Json::array()}}), HasSubstr("factors: wire: expected a list"));
  EXPECT_THAT(with("factors", {{"wire", {{"from", 1}, {"to", 2}}}}), HasSubstr("expected a list of values"));
  EXPECT_THAT(with("set", {{"wire", "f16"}}), HasSubstr("'wire' and 'wire'"));
  EXPECT_THAT(with("set", {{"wire.x", "f16"}}), HasSubstr("'wire' and 'wire.x'"));
  EXPECT_THAT(with("factors", {{"sweep", {1}}}), HasSubstr("'sweep' is no key that a sweep may set"));
  EXPECT_THAT(refusal({{"factors", {{"wire", {1}}}}}), HasSubstr("'scenario' is missing"));
  const auto range = [&](const Json& r) { return refusal(drawn("random", 3, {{"network.rtt", r}})); };
  EXPECT_EQ(range({{"from", "1ms"}, {"to", "2ms"}}), "");
  EXPECT_THAT(range({{"from", "1ms"}, {"to", "2Mbit"}}), HasSubstr("units of one kind"));
  EXPECT_THAT(range({{"from", "2ms"}, {"to", "1ms"}}), HasSubstr("from below to"));
  EXPECT_THAT(range({{"from", "0ms"}, {"to", "1ms"}, {"scale", "log"}}), HasSubstr("more than 0"));
  EXPECT_THAT(range({{"from", "2 apples"}, {"to", "1ms"}}), HasSubstr("from: expected a number"));
  EXPECT_THAT(range({{"from", "1ms"}, {"to", "2ms"}, {"scal", "log"}}), HasSubstr("scale"));
  EXPECT_THAT(refusal(drawn("random", 0, three)), HasSubstr("count: expected a whole number from 1"));
}

}  // namespace
}  // namespace splitwan::scenarios
