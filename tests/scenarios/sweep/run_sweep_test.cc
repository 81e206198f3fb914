// A sweep from within: what is run, what is known, what fails.
#include "scenarios/sweep/run_sweep.hh"

#include <set>

#include "tests/scenarios/sweep/sweep_fixture.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

std::string table(const SweepResult& result) { return table_text("t.csv", result.keys, result.cells); }

TEST(Sweep, gives_each_cell_what_its_scenario_alone_gives) {
  SweptFolder folder;
  const SweepResult all = folder.sweep(two_by_three);
  ASSERT_EQ(all.cells.size(), 6u);
  EXPECT_EQ(all.ran, 6u);
  EXPECT_EQ(folder.most_done, 6u);
  std::set<std::string> different;
  for (const CellResult& cell : all.cells) {
    Json factors;
    for (const auto& [key, value] : cell.factors.items()) factors[key] = Json::array({value});
    EXPECT_EQ(folder.sweep({{"factors", factors}}).cells.at(0).rows, cell.rows);
    different.insert(cell.rows);
  }
  EXPECT_EQ(different.size(), 6u);
}

TEST(Sweep, gives_the_same_table_however_many_cells_run_at_one_time) {
  SweptFolder folder;
  SweepOptions one, many;
  one.jobs = 1;
  many.jobs = 5;
  EXPECT_EQ(table(folder.sweep(two_by_three, one)), table(folder.sweep(two_by_three, many)));
}

TEST(Sweep, runs_only_what_is_not_known_yet) {
  SweptFolder folder;
  SweepOptions kept;
  kept.journal = folder / "journal";
  const SweepResult first = folder.sweep(two_by_three, kept), second = folder.sweep(two_by_three, kept);
  EXPECT_EQ(first.ran, 6u);
  EXPECT_EQ(second.ran, 0u);
  EXPECT_EQ(second.known, 6u);
  EXPECT_EQ(table(second), table(first));
  Json larger = two_by_three;
  larger["factors"]["network.rtt"].push_back("40ms");
  EXPECT_EQ(folder.sweep(larger, kept).ran, 3u);
  folder.scenario["seed"] = 7;
  folder.write("s.json", folder.scenario);
  EXPECT_EQ(folder.sweep(two_by_three, kept).ran, 6u);
}

TEST(Sweep, goes_on_where_it_was_stopped) {
  SweptFolder folder;
  SweepOptions kept;
  kept.journal = folder / "journal";
  kept.jobs = 1;
  folder.stop_at = 2;
  const SweepResult part = folder.sweep(two_by_three, kept);
  EXPECT_TRUE(part.stopped);
  EXPECT_EQ(part.ran, 2u);
  folder.stopped = false;
  folder.stop_at = std::string::npos;
  const SweepResult rest = folder.sweep(two_by_three, kept);
  EXPECT_FALSE(rest.stopped);
  EXPECT_EQ(rest.ran, 4u);
  EXPECT_EQ(table(rest), table(folder.sweep(two_by_three)));
}

TEST(Sweep, cells_that_are_the_same_run_once) {
  SweptFolder folder;
  const SweepResult result = folder.sweep(
      {{"design", "list"}, {"cells", {{{"seed", 1}}, {{"seed", 2}}, {{"seed", 1}}, Json::object()}}});
  EXPECT_EQ(result.ran, 3u);  // the last one does not say that its seed is 1
  EXPECT_EQ(result.cells[0].rows, result.cells[2].rows);
}

TEST(Sweep, tells_refused_cells_before_it_runs_the_others) {
  SweptFolder folder;
  Json design = two_by_three;
  design["factors"]["network.rate"] = {"10Mbit", "fast"};
  const SweepResult result = folder.sweep(design);
  EXPECT_THAT(folder.remarks, HasSubstr("cell 1 (network.rtt=20ms, network.rate=fast): "));
  EXPECT_THAT(folder.remarks, HasSubstr("2 of 4 cells are refused"));
  EXPECT_EQ(result.ran, 2u);
  for (const CellResult& cell : result.cells) EXPECT_EQ(cell.ok(), cell.cell % 2 == 0);
  EXPECT_THAT(result.cells[3].reason, HasSubstr("'fast' is not a rate"));
}

TEST(Sweep, in_which_no_cell_can_be_read_is_refused_with_the_nearest_known_key) {
  SweptFolder folder;
  EXPECT_THAT(tests::error_of([&] {
                folder.sweep({{"factors", {{"netwrk.rtt", {"1ms"}}}}});
              }),
              HasSubstr("every cell is refused: "));
  EXPECT_THAT(tests::error_of([&] {
                folder.sweep({{"factors", {{"netwrk.rtt", {"1ms"}}}}});
              }),
              HasSubstr("did you mean 'network'?"));
  EXPECT_THAT(tests::error_of([&] { folder.sweep({{"factors", {{"name.x", {1}}}}}); }), HasSubstr("name.x"));
  EXPECT_THAT(tests::error_of([&] {
                folder.sweep({{"factors", {{"network.rtt.x", {1}}}}});
              }),
              HasSubstr("'x' is not inside an object"));
}

// A trace that is not there is found out when its cell runs.
TEST(Sweep, a_cell_that_fails_stops_no_other_and_is_tried_anew_the_next_time) {
  SweptFolder folder;
  SweepOptions kept;
  kept.journal = folder / "journal";
  const Json recorded = {{"trace", "none.jsonl"}}, stated = folder.scenario["replay"];
  const Json design = {{"factors", {{"replay", {recorded, stated}}, {"network.rtt", {"1ms", "2ms"}}}}};
  for (int time = 0; time < 2; ++time) {
    const SweepResult result = folder.sweep(design, kept);
    EXPECT_EQ(result.ran, time == 0 ? 4u : 2u);
    for (const CellResult& cell : result.cells) EXPECT_EQ(cell.ok(), cell.cell >= 2);
    EXPECT_THAT(result.cells[1].reason, HasSubstr("none.jsonl"));
  }
}

TEST(Sweep, of_shards_has_every_cell_once) {
  SweptFolder folder;
  std::set<std::size_t> seen;
  std::set<std::string> designs;
  for (std::size_t i = 1; i <= 4; ++i) {
    SweepOptions part;
    part.shard = {i, 4};
    const SweepResult result = folder.sweep(two_by_three, part);
    EXPECT_EQ(result.total, 6u);
    designs.insert(result.design);
    for (const CellResult& cell : result.cells) {
      EXPECT_TRUE(seen.insert(cell.cell).second);
      EXPECT_EQ(cell.cell % 4, i - 1);
    }
  }
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(designs.size(), 1u);
  SweepOptions none;
  none.shard = {7, 7};
  EXPECT_THAT(tests::error_of([&] { folder.sweep(two_by_three, none); }),
              HasSubstr("shard 7/7 of 6 cells holds none"));
}

TEST(Sweep, a_shard_is_written_as_one_of_many) {
  EXPECT_EQ(parse_shard("3/8").index, 3u);
  EXPECT_EQ(parse_shard("3/8").of, 8u);
  for (const char* wrong : {"0/8", "9/8", "3", "3/", "a/b", "-1/3", ""})
    EXPECT_THAT(tests::error_of([&] { parse_shard(wrong); }), HasSubstr("expected I/N")) << wrong;
}

TEST(Sweep, reads_every_cell_and_runs_none_when_asked_to_check) {
  SweptFolder folder;
  SweepOptions check;
  check.check = true;
  const SweepResult result = folder.sweep(two_by_three, check);
  EXPECT_EQ(result.ran, 0u);
  EXPECT_EQ(result.cells.size(), 6u);
}

}  // namespace
}  // namespace splitwan::scenarios
