#include "scenarios/jobs/content_hash.hh"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using testing::HasSubstr;

void write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string sha1sum_of(const std::string& path) {
  std::FILE* pipe = popen(("sha1sum '" + path + "'").c_str(), "r");
  char hash[41] = "";
  const std::size_t got = std::fread(hash, 1, 40, pipe);
  pclose(pipe);
  return {hash, got};
}

TEST(ContentHash, is_the_published_sha1) {
  EXPECT_EQ(content_hash(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");  // FIPS 180's examples
  EXPECT_EQ(content_hash("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(content_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
}

TEST(ContentHash, of_a_file_is_what_sha1sum_prints) {
  const tests::TemporaryFolder folder;
  std::string bytes;
  for (unsigned i = 0; i < 700'000; ++i) bytes += static_cast<char>(i * 7919 >> 3);  // more than two blocks
  write(folder / "large", bytes);
  EXPECT_EQ(file_hash(folder / "large"), sha1sum_of(folder / "large"));
  EXPECT_EQ(file_hash(folder / "large"), content_hash(bytes));
  write(folder / "large", bytes + "!");
  EXPECT_EQ(file_hash(folder / "large"), content_hash(bytes + "!"));
  EXPECT_THAT(tests::error_of([&] { file_hash(folder / "none"); }), HasSubstr(folder / "none"));
  EXPECT_THAT(tests::error_of([&] { file_hash(folder.string()); }), HasSubstr("expected a file"));
}

TEST(ContentHash, of_a_folder_follows_what_is_read_there_and_nothing_else) {
  const tests::TemporaryFolder folder;
  for (const char* name : {"a", "b"}) {
    write(folder / name + "/config.json", "{}");
    write(folder / name + "/model.safetensors", "tensors");
  }
  const std::string first = folder_hash(folder / "a");
  EXPECT_EQ(folder_hash(folder / "b"), first);  // not of its own name
  write(folder / "b/README.md", "about it");
  EXPECT_EQ(folder_hash(folder / "b"), first);
  write(folder / "b/model.safetensors", "Tensors");
  EXPECT_NE(folder_hash(folder / "b"), first);
  write(folder / "b/model.safetensors", "tensors");
  write(folder / "b/tokenizer.json", "{}");
  EXPECT_NE(folder_hash(folder / "b"), first);
  std::filesystem::create_directory(folder / "empty");
  EXPECT_THAT(tests::error_of([&] { folder_hash(folder / "empty"); }), HasSubstr("found none"));
  EXPECT_THAT(tests::error_of([&] { folder_hash(folder / "nowhere"); }), HasSubstr("nowhere"));
}

}  // namespace
}  // namespace splitwan::scenarios
