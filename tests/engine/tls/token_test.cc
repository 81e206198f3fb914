#include "engine/tls/token.hh"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "engine/tls/private_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of, tests::TemporaryFolder;

std::string token_file(const TemporaryFolder& folder, const std::string& text, mode_t mode = 0600) {
  const std::string path = folder / "token";
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
  return path;
}

TEST(Token, is_the_line_of_a_private_file) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_token(token_file(folder, "0123456789abcdef0123\n")), "0123456789abcdef0123");
}

TEST(Token, is_refused_by_name_where_others_may_read_it) {
  const TemporaryFolder folder;
  for (const mode_t mode : {0644, 0640, 0604, 0606, 0620}) {
    const std::string path = token_file(folder, "0123456789abcdef0123\n", mode);
    EXPECT_EQ(error_of([&] { read_token(path); }),
              fmt::format("{}: others may use it (mode {:04o}): expected 0600", path, mode));
  }
}

TEST(Token, is_refused_where_it_could_be_guessed_or_is_no_line) {
  const TemporaryFolder folder;
  for (const char* text : {"", "short\n", "0123456789 abcdef0123", "0123456789abcdef\n0123"}) {
    const std::string told = error_of([&] { read_token(token_file(folder, text)); });
    EXPECT_THAT(told, HasSubstr("expected")) << text;
    EXPECT_THAT(told, Not(HasSubstr("0123"))) << "not even then it is told";
  }
  EXPECT_THAT(error_of([&] { read_token(folder.string()); }), HasSubstr("no regular file"));
  EXPECT_THAT(error_of([&] { read_token(folder / "absent"); }), HasSubstr("cannot be read"));
}

TEST(Token, is_the_same_only_where_all_of_it_is) {
  EXPECT_TRUE(same_token("abc", "abc"));
  EXPECT_FALSE(same_token("abc", "abd"));
  EXPECT_FALSE(same_token("abc", "abcd"));
  EXPECT_FALSE(same_token(std::string("abc\0d", 5), "abc"));
}

TEST(PrivateFile, is_made_for_its_owner_alone_and_never_over_another) {
  const TemporaryFolder folder;
  const std::string path = folder / "key";
  make_private_file(path, "secret");
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600u);
  EXPECT_EQ(read_private_file(path), "secret");
  EXPECT_THAT(error_of([&] { make_private_file(path, "other"); }), HasSubstr("File exists"));
  ASSERT_EQ(::symlink((folder / "nowhere").c_str(), (folder / "link").c_str()), 0);
  EXPECT_THAT(error_of([&] { make_private_file(folder / "link", "other"); }), HasSubstr("File exists"));
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
}

TEST(PrivateFile, that_cannot_be_written_whole_is_not_in_the_way_of_the_next_try) {
  const TemporaryFolder folder;
  const std::string path = folder / "key";
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  rlimit little = before;
  little.rlim_cur = 4;
  ::setrlimit(RLIMIT_FSIZE, &little);
  const std::string told = error_of([&] { make_private_file(path, "secret"); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, ignored);
  EXPECT_THAT(told, HasSubstr("File too large"));
  make_private_file(path, "secret");
  EXPECT_EQ(read_private_file(path), "secret");
}

}  // namespace
}  // namespace splitwan::engine
