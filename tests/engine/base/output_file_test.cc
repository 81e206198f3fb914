#include "engine/base/output_file.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

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

fs::perms mode_of(const std::string& path) { return fs::status(path).permissions(); }
constexpr fs::perms owner_only = fs::perms::owner_read | fs::perms::owner_write;

TEST(OutputFile, keeps_the_mode_of_what_it_replaces) {
  const TemporaryFolder folder;
  for (const int mode : {0600, 0640, 0755}) {
    write_file(folder / "a.txt", "long ago");
    fs::permissions(folder / "a.txt", static_cast<fs::perms>(mode));
    write_file(folder / "a.txt", "now");
    write_file(folder / "a.txt", "now", Readers::owner);
    EXPECT_EQ(mode_of(folder / "a.txt"), static_cast<fs::perms>(mode));
  }
}

TEST(OutputFile, is_for_its_owner_alone_from_its_first_byte_on_where_that_is_asked_for) {
  const TemporaryFolder folder;
  OutputFile file(folder / "a.txt", Readers::owner);
  file.write("once upon a time");
  for (const auto& entry : fs::directory_iterator(folder.string()))
    EXPECT_EQ(mode_of(entry.path()), owner_only);
  file.finish();
  EXPECT_EQ(mode_of(folder / "a.txt"), owner_only);
  write_file(folder / "b.txt", "x");
  EXPECT_NE(mode_of(folder / "b.txt"), owner_only);
}

TEST(OutputFile, while_it_replaces_a_secret_is_no_less_secret) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "long ago", Readers::owner);
  const OutputFile half(folder / "a.txt");
  for (const auto& entry : fs::directory_iterator(folder.string()))
    EXPECT_EQ(mode_of(entry.path()), owner_only);
}

TEST(OutputFile, has_a_temporary_name_that_nobody_can_guess_and_follows_no_link_there) {
  const TemporaryFolder folder;
  write_file(folder / "precious.txt", "precious");
  fs::create_symlink("precious.txt", folder / fmt::format("a.txt.tmp{}", getpid()));  // its name of old
  std::set<std::string> names;
  for (int i = 0; i < 20; ++i) {
    const OutputFile half(folder / "a.txt");
    for (const auto& entry : fs::directory_iterator(folder.string())) names.insert(entry.path());
  }
  EXPECT_EQ(names.size(), 22u);
  write_file(folder / "a.txt", "now");
  check_output(folder / "a.txt");
  EXPECT_EQ(text_of(folder / "precious.txt"), "precious");
  fs::create_symlink("precious.txt", folder / "link");
  EXPECT_EQ(open_new(folder / "link", 0600), -1);
  EXPECT_EQ(errno, EEXIST);
  fs::create_symlink("absent.txt", folder / "dangling");
  EXPECT_EQ(open_new(folder / "dangling", 0600), -1);
  EXPECT_FALSE(fs::exists(folder / "absent.txt"));
}

TEST(OutputFile, that_may_not_grow_is_one_error_and_leaves_what_was_there) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "long ago");
  const auto before = std::signal(SIGXFSZ, SIG_IGN);  // as programs of ours have it
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{1000, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = error_of([&] { write_file(folder / "a.txt", std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  EXPECT_EQ(error, folder / "a.txt" + ": cannot be written: File too large");
  EXPECT_EQ(text_of(folder / "a.txt"), "long ago");
  EXPECT_EQ(files_in(folder.string()), 1);
}

TEST(UnfinishedFile, goes_when_the_process_is_told_to_end_unless_it_is_to_be_kept) {
  const TemporaryFolder folder;
  OutputFile half(folder / "a.txt");
  half.write("half");
  write_file(folder / "kept", "finished runs");
  UnfinishedFile kept(folder / "kept");
  kept.keep("what was done is kept");
  testing::internal::CaptureStderr();
  put_unfinished_away();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "what was done is kept\n");
  EXPECT_EQ(files_in(folder.string()), 1);
  EXPECT_TRUE(fs::exists(folder / "kept"));
}

TEST(UnfinishedFile, once_finished_is_nobodys_business) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "whole");
  put_unfinished_away();
  EXPECT_EQ(text_of(folder / "a.txt"), "whole");
}

TEST(UnfinishedFile, of_a_parent_is_not_its_childs) {
  const TemporaryFolder folder;
  const OutputFile half(folder / "a.txt");
  const pid_t child = fork();
  if (child == 0) {
    put_unfinished_away();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(files_in(folder.string()), 1);
}

}  // namespace
}  // namespace splitwan::engine
