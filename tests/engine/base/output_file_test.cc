#include "engine/base/output_file.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;
using tests::TemporaryFolder;
namespace fs = std::filesystem;

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}
auto files_in(const std::string& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(OutputFile, replaces_the_file_and_leaves_nothing_else) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "long ago");
  write_file(folder / "a.txt", "now");
  EXPECT_EQ(text_of(folder / "a.txt"), "now");
  EXPECT_EQ(files_in(folder.string()), 1);
}

TEST(OutputFile, appears_whole_or_not_at_all) {
  const TemporaryFolder folder;
  const std::string nowhere = folder / "absent/a.txt", taken = folder / "taken";
  EXPECT_EQ(error_of([&] { write_file(nowhere, "x"); }),
            nowhere + ": cannot be written: No such file or directory");
  fs::create_directories(taken + "/inside");
  EXPECT_EQ(error_of([&] { write_file(taken, "x"); }), taken + ": cannot be written: it is a folder");
  {
    OutputFile abandoned(folder / "a.txt");
    abandoned.write("half");
  }
  EXPECT_EQ(files_in(folder.string()), 1);
}

TEST(OutputFile, follows_symbolic_links) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "long ago");
  fs::create_symlink("a.txt", folder / "link");
  write_file(folder / "link", "now");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(folder / "a.txt"), "now");
}

TEST(OutputFile, writes_devices_as_they_stand) {
  const TemporaryFolder folder;
  fs::create_symlink("/dev/full", folder / "full");
  EXPECT_THAT(error_of([&] { write_file(folder / "full", "x"); }), HasSubstr("No space left on device"));
  fs::create_symlink("/dev/null", folder / "null");
  write_file(folder / "null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(OutputFile, is_checked_before_the_work) {
  const TemporaryFolder folder;
  write_file(folder / "in.txt", "precious");
  fs::create_hard_link(folder / "in.txt", folder / "same.txt");
  const std::vector<std::string> inputs{folder / "in.txt"};
  EXPECT_THAT(error_of([&] { check_output(folder / "same.txt", inputs); }), HasSubstr("is an input"));
  EXPECT_THAT(error_of([&] { check_output(folder / "absent/x", inputs); }), HasSubstr("cannot be written"));
  check_output(folder / "out.txt", inputs);
  EXPECT_FALSE(fs::exists(folder / "out.txt"));
}

}  // namespace
}  // namespace splitwan::engine
