// What a journal keeps, and what of a torn one is still good.
#include "scenarios/sweep/journal.hh"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

std::string text_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class JournalFile : public testing::Test {
 protected:
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  tests::TemporaryFolder folder_;
  std::string path_ = folder_ / "journal";
  const std::string a_ = R"({"hash":"a","rows":[{"x":1}]})",
                    b_ = R"({"hash":"b","rows":[{"x":0.1},{"y":null}]})";
};

TEST_F(JournalFile, knows_again_what_was_added) {
  { Journal(path_).add("b", R"([{"x":0.1},{"y":null}])"); }
  EXPECT_EQ(text_of(path_), b_ + "\n");
  Journal again(path_);
  ASSERT_TRUE(again.rows("b"));
  EXPECT_EQ(*again.rows("b"), R"([{"x":0.1},{"y":null}])");
  EXPECT_FALSE(again.rows("a"));
}

// Wherever it was torn: what was whole before is known, and what is added after is a line of its own.
TEST_F(JournalFile, loses_the_torn_line_alone) {
  for (std::size_t keep = 0; keep <= b_.size(); ++keep) {
    write(a_ + "\n" + b_.substr(0, keep));
    { Journal(path_).add("c", "[{}]"); }
    Journal again(path_);
    EXPECT_TRUE(again.rows("a")) << keep;
    EXPECT_EQ(again.rows("b") != nullptr, keep == b_.size()) << keep;
    EXPECT_TRUE(again.rows("c")) << keep;
    EXPECT_EQ(again.skipped(), keep == 0 || keep == b_.size() ? 0u : 1u) << keep;
  }
}

TEST_F(JournalFile, follows_no_link) {
  write("");
  std::filesystem::create_symlink(path_, folder_ / "link");
  EXPECT_THROW(Journal(folder_ / "link"), engine::Error);
}

TEST_F(JournalFile, bears_repeated_and_strange_lines) {
  write(a_ + "\n" + a_ + "\n{}\n[1]\n{\"hash\":1,\"rows\":[]}\n{\"hash\":\"z\",\"rows\":[]}\n\n" + b_ + "\n");
  const Journal journal(path_);
  EXPECT_TRUE(journal.rows("a"));
  EXPECT_TRUE(journal.rows("b"));
  EXPECT_FALSE(journal.rows("z"));
  EXPECT_EQ(journal.skipped(), 5u);
}

TEST_F(JournalFile, is_written_by_one_at_a_time) {
  const Journal journal(path_);
  EXPECT_THAT(tests::error_of([&] { Journal other(path_); }), HasSubstr("another sweep is writing it"));
  EXPECT_THAT(tests::error_of([&] { Journal other(folder_ / "no/journal"); }),
              HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace splitwan::scenarios
