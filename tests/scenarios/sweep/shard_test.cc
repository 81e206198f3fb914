// Shards' files, and what of them is merged.
#include "scenarios/sweep/shard_file.hh"

#include "tests/scenarios/sweep/sweep_fixture.hh"

namespace splitwan::scenarios {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::IsEmpty, testing::Pair;

class Shards : public testing::Test {
 protected:
  // Writes shard I of N of a design; gives its path.
  std::string write(std::size_t index, std::size_t of, const Json& design = two_by_three) {
    SweepOptions options;
    options.shard = {index, of};
    const std::string path = folder_ / fmt::format("{}-{}-{}", index, of, ++written_);
    std::ofstream(path) << shard_text(folder_.sweep(design, options), options.shard);
    return path;
  }
  std::vector<std::string> all(std::size_t of) {
    std::vector<std::string> paths;
    for (std::size_t i = of; i >= 1; --i) paths.push_back(write(i, of));  // in any order
    return paths;
  }
  SweptFolder folder_;
  int written_ = 0;
};

std::string table(const auto& result) { return table_text("t.csv", result.keys, result.cells); }

TEST_F(Shards, together_give_the_table_of_the_whole) {
  const std::string whole = table(folder_.sweep(two_by_three));
  for (const std::size_t of : {1u, 2u, 4u, 6u}) {
    const Merged merged = merge_shards(all(of));
    EXPECT_TRUE(merged.whole()) << merged.trouble();
    EXPECT_EQ(table(merged), whole) << of;
  }
}

TEST_F(Shards, give_failed_cells_as_the_whole_does) {
  Json design = two_by_three;
  design["factors"]["network.rate"][1] = "fast";
  const Merged merged = merge_shards({write(1, 2, design), write(2, 2, design)});
  EXPECT_EQ(table(merged), table(folder_.sweep(design)));
  EXPECT_THAT(table(merged), HasSubstr("failed"));
}

TEST_F(Shards, that_are_lost_repeated_or_foreign_are_named) {
  const auto three = all(3);
  const std::string again = write(2, 3), other = write(1, 3, {{"factors", {{"seed", {1, 2, 3}}}}}),
                    of_two = write(1, 2);
  const Merged lost = merge_shards({three[0]});
  EXPECT_THAT(lost.lost, ElementsAre(1, 2));
  EXPECT_EQ(lost.trouble(), "lost: shards 1, 2 of 3");
  const Merged repeated = merge_shards({three[0], three[1], three[2], again});
  EXPECT_THAT(repeated.repeated, ElementsAre(Pair(2, ElementsAre(three[1], again))));
  EXPECT_THAT(repeated.trouble(), HasSubstr("repeated: shard 2 in " + three[1] + ", " + again));
  EXPECT_EQ(table(repeated), table(merge_shards(three)));
  const Merged foreign = merge_shards({other, of_two, three[0], three[1], three[2]});
  EXPECT_THAT(foreign.foreign, ElementsAre(other, of_two));
  EXPECT_THAT(foreign.trouble(), HasSubstr("of another design: " + other));
  EXPECT_THAT(foreign.lost, IsEmpty());
  EXPECT_EQ(table(foreign), table(merge_shards(three)));
}

std::string cut(const std::string& path, std::size_t bytes) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - bytes);
  return path;
}

TEST_F(Shards, that_are_torn_are_named_and_their_whole_lines_kept) {
  const auto two = all(2);
  cut(two[0], 3);
  const Merged merged = merge_shards(two);
  EXPECT_THAT(merged.incomplete, ElementsAre(two[0]));
  EXPECT_THAT(merged.trouble(), HasSubstr("without their end: " + two[0]));
  EXPECT_EQ(merged.cells.size(), 6u);
  cut(two[0], 100);
  EXPECT_EQ(merge_shards(two).cells.size(), 5u);
}

TEST_F(Shards, that_disagree_or_are_none_are_refused) {
  const std::string path = write(1, 2), same = write(1, 2);
  std::string text;
  std::getline(std::ifstream(same), text, '\0');
  text.replace(text.find("\"tokens_per_s\":") + 15, 1, "9");
  std::ofstream(same) << text;
  EXPECT_THAT(tests::error_of([&] {
                merge_shards({path, same});
              }),
              testing::AllOf(HasSubstr(same), HasSubstr("another result than an earlier file's")));
  EXPECT_THAT(tests::error_of([&] { merge_shards({folder_ / "s.json"}); }), HasSubstr("s.json"));
  EXPECT_THAT(tests::error_of([&] { merge_shards({folder_ / "none"}); }), HasSubstr("none"));
  std::ofstream(folder_ / "empty").flush();
  EXPECT_THAT(tests::error_of([&] { merge_shards({folder_ / "empty"}); }), HasSubstr("found an empty file"));
}

}  // namespace
}  // namespace splitwan::scenarios
