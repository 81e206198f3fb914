#include "engine/tls/tls_folder.hh"

#include <sys/stat.h>

#include <fstream>
#include <set>

#include "tests/engine/tls/tls_pair.hh"

namespace splitwan::tests {
namespace {

using testing::ElementsAre, testing::HasSubstr, testing::UnorderedElementsAre;
namespace fs = std::filesystem;

std::set<std::string> files_in(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files.insert(entry.path().lexically_relative(folder).string());
  return files;
}

TEST(TlsFolder, holds_what_each_side_needs_and_no_more) {
  const TlsFolders folders;
  EXPECT_THAT(files_in(folders / ""),
              UnorderedElementsAre("ca.pem", "ca.key", "server/ca.pem", "server/cert.pem", "server/key.pem",
                                   "server/clients/client.pem", "client/ca.pem", "client/cert.pem",
                                   "client/key.pem"));
  const Certificate server = Certificate::read(folders / "server/cert.pem");
  EXPECT_EQ(server.name(), "server");
  EXPECT_THAT(server.names(), ElementsAre("gpu.example.org", "10.0.0.2"));
  EXPECT_EQ(server.issuer(), Certificate::read(folders / "ca.pem").name());
  EXPECT_EQ(Certificate::read(folders / "client/cert.pem"),
            Certificate::read(folders / "server/clients/client.pem"));
}

TEST(TlsFolder, is_for_its_owner_alone) {
  const TlsFolders folders;
  for (const auto& entry : fs::recursive_directory_iterator(folders / "")) {
    struct stat found {};
    ASSERT_EQ(::stat(entry.path().c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, entry.is_directory() ? 0700u : 0600u) << entry.path();
  }
}

TEST(TlsFolder, overwrites_nothing) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { make_tls_folder(folder.string(), {}, 1); }), "") << "an empty folder is fine";
  EXPECT_THAT(error_of([&] { make_tls_folder(folder.string(), {}, 1); }),
              HasSubstr("nothing is overwritten"));
}

TEST(TlsFolder, takes_in_further_clients) {
  const TlsFolders folders;
  add_tls_client(folders / "", "laptop", {"server"}, 30);
  EXPECT_TRUE(
      meet(tls_streams({folders / "laptop", "10.0.0.2", TlsSides::caller}), folders.server()).greeted());
  EXPECT_TRUE(meet(folders.client(), folders.server()).greeted());
  EXPECT_THAT(error_of([&] { add_tls_client(folders / "", "laptop", {"server"}, 30); }),
              HasSubstr("nothing is overwritten"));
  fs::remove(folders / "ca.key");
  EXPECT_THAT(error_of([&] { add_tls_client(folders / "", "third", {"server"}, 30); }), HasSubstr("ca.key"));
}

TEST(TlsFolder, refuses_names_that_are_no_folders_or_hosts) {
  const TemporaryFolder folder;
  for (const char* name : {"", ".", "..", "a/b", "../a", "a b", "ca.pem", "\xc3\xa9"})
    EXPECT_THAT(error_of([&] { make_tls_folder(folder / "tls", {{.name = name}}, 1); }),
                HasSubstr("expected a name"))
        << name;
  for (const char* host : {"", "a b", "a,DNS:b", "http://a", "*.example.org", "a:80"})
    EXPECT_THAT(error_of([&] { make_tls_folder(folder / "tls", {{.name = "server", .names = {host}}}, 1); }),
                HasSubstr("expected a host name"))
        << host;
  EXPECT_FALSE(fs::exists(folder / "tls"));
}

TEST(TlsFolder, tells_which_file_cannot_be_used) {
  const auto told = [](auto spoil) {
    const TlsFolders folders;
    spoil(folders);
    const std::string server = folders / "server/";
    std::string error = error_of([&] { folders.server(); });
    if (error.starts_with(server)) error.erase(0, server.size());
    return error;
  };
  EXPECT_EQ(told([](const TlsFolders& f) { fs::permissions(f / "server/key.pem", fs::perms(0640)); }),
            "key.pem: others may use it (mode 0640): expected 0600");
  EXPECT_THAT(told([](const TlsFolders& f) { fs::remove(f / "server/ca.pem"); }), HasSubstr("ca.pem"));
  EXPECT_THAT(told([](const TlsFolders& f) { fs::remove(f / "server/cert.pem"); }), HasSubstr("cert.pem"));
  EXPECT_THAT(told([](const TlsFolders& f) {
                fs::copy_file(f / "client/key.pem", f / "server/key.pem",
                              fs::copy_options::overwrite_existing);
              }),
              HasSubstr("key.pem: is not the key of "));
  EXPECT_THAT(told([](const TlsFolders& f) { std::ofstream(f / "server/key.pem") << "nonsense"; }),
              HasSubstr("key.pem: holds no private key"));
  EXPECT_THAT(error_of([] { tls_streams({"/nonexistent"}); }), HasSubstr("/nonexistent: no such folder"));
}

}  // namespace
}  // namespace splitwan::tests
