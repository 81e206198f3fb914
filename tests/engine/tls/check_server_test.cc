// What OpenSSL's own client sees of a server (engine/tls/check_server).
#include <array>
#include <cstdio>

#include "tests/engine/tls/tls_pair.hh"

namespace splitwan::tests {
namespace {

using testing::HasSubstr;

// Takes everybody on a thread of its own.
class Answering {
 public:
  explicit Answering(MakeStream make) : make_(std::move(make)), thread_([this] { run(); }) {}
  ~Answering() {
    ended_ = true;
    thread_.join();
  }
  const Endpoint& address() const { return listener_.address(); }

 private:
  void run() {
    std::vector<std::shared_ptr<Channel>> channels;
    while (!ended_) {
      if (auto socket = listener_.accept(std::chrono::milliseconds(1))) {
        auto stream = make_(boost::asio::make_strand(io_), std::move(*socket), Side::called);
        channels.push_back(std::make_shared<Channel>(0, std::move(stream), ChannelTerms{}, clock_));
        channels.back()->start({[] {}, [](const Arrival&) {}, [](const std::string&) {}});
      }
      io_.restart();
      io_.poll();
    }
    for (const auto& channel : channels) channel->cut();
    io_.restart();
    io_.run_for(std::chrono::seconds(5));
  }

  MakeStream make_;
  WallClock clock_;
  boost::asio::io_context io_;
  Listener listener_{{"127.0.0.1", 0}};
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

struct Checked {
  int code = 0;
  std::string said;
};

Checked check(const Endpoint& at, const std::string& name, const std::string& folder) {
  const std::string command =
      fmt::format(SPLITWAN_SOURCE_DIR "/engine/tls/check_server {} {} {} 2>&1", at.text(), name, folder);
  Checked checked;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  std::array<char, 4096> piece;
  while (const std::size_t bytes = std::fread(piece.data(), 1, piece.size(), pipe))
    checked.said.append(piece.data(), bytes);
  checked.code = WEXITSTATUS(::pclose(pipe));
  return checked;
}

TEST(TlsCheck, finds_nothing_wrong_with_our_server) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "openssl is not installed";
  const TlsFolders folders;
  const Answering server(folders.server());
  const Checked checked = check(server.address(), "gpu.example.org", folders / "client");
  EXPECT_EQ(checked.code, 0) << checked.said;
  EXPECT_THAT(checked.said, Not(HasSubstr("FAILED")));
  EXPECT_GE(std::count(checked.said.begin(), checked.said.end(), '\n'), 20);
}

TEST(TlsCheck, tells_a_server_that_asks_nobody_who_they_are) {
  if (std::system("command -v openssl >/dev/null") != 0) GTEST_SKIP() << "openssl is not installed";
  const TlsFolders folders;
  std::filesystem::remove_all(folders / "server/clients");
  const Answering server(folders.server());
  const Checked checked = check(server.address(), "gpu.example.org", folders / "client");
  EXPECT_EQ(checked.code, 1);
  EXPECT_THAT(checked.said, HasSubstr("FAILED  no certificate is refused"));
  EXPECT_THAT(checked.said, HasSubstr("ok      tls1_2 is refused"));
}

}  // namespace
}  // namespace splitwan::tests
