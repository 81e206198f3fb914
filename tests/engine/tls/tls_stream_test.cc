// Bytes through TLS: whole, in how many flights, and what happens to those that somebody changes.
#include <poll.h>
#include <unistd.h>

#include <future>

#include "tests/engine/tls/tls_pair.hh"

namespace splitwan::tests {
namespace {

using testing::HasSubstr;

// What lies between two ends: passes on what comes, and notes who spoke.
class Relay {
 public:
  using Change = std::function<void(const std::string& flights,
                                    std::vector<char>&)>;  // of what passes by; none: all ends

  Relay(OpenSocket near, OpenSocket far, Change change = {})
      : near_(std::move(near)),
        far_(std::move(far)),
        change_(std::move(change)),
        thread_([this] { run(); }) {}
  ~Relay() { seen(); }
  // All of it, once both ends have gone.
  const std::vector<char>& seen() {
    if (thread_.joinable()) thread_.join();
    return seen_;
  }

 private:
  void run() {
    pollfd both[] = {{near_.descriptor(), POLLIN, 0}, {far_.descriptor(), POLLIN, 0}};
    std::vector<char> bytes(64 << 10);
    for (int open = 2; open > 0 && ::poll(both, 2, 10'000) > 0;) {
      for (int from : {0, 1}) {
        if (both[from].revents == 0) continue;
        bytes.resize(64 << 10);
        const ssize_t got = ::read(both[from].fd, bytes.data(), bytes.size());
        if (got <= 0) {
          ::shutdown(both[1 - from].fd, SHUT_WR);
          both[from].fd = -1 - both[from].fd;
          --open;
          continue;
        }
        bytes.resize(static_cast<std::size_t>(got));
        seen_.insert(seen_.end(), bytes.begin(), bytes.end());
        const char way = from == 0 ? 'u' : 'd';
        if (flights_.empty() || flights_.back() != way) flights_ += way;
        if (change_) change_(flights_, bytes);
        if (bytes.empty()) {
          for (OpenSocket* end : {&near_, &far_}) ::shutdown(end->descriptor(), SHUT_RDWR);
          return;
        }
        const int to = both[1 - from].fd;
        for (std::size_t sent = 0; to >= 0 && sent < bytes.size();) {
          const ssize_t more = ::send(to, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
          if (more < 0 && errno != EAGAIN) break;
          sent += more > 0 ? static_cast<std::size_t>(more) : 0;
        }
      }
    }
  }

  OpenSocket near_, far_;
  Change change_;
  std::string flights_;
  std::vector<char> seen_;
  std::thread thread_;
};

struct Relayed {
  Met met;
  std::vector<char> seen;
};

Relayed meet_through(const MakeStream& caller, const MakeStream& called, Relay::Change change = {}) {
  auto [calling, near] = socket_pair();
  auto [far, listening] = socket_pair();
  Relay relay(std::move(near), std::move(far), std::move(change));
  Relayed result{meet(caller, called, std::move(calling), std::move(listening)), {}};
  result.seen = relay.seen();
  return result;
}

// Whether the greeting comes through when the connection ends after so many flights, each way counting one.
bool greeted_within(std::size_t flights, const MakeStream& caller, const MakeStream& called) {
  const Relayed relayed =
      meet_through(caller, called, [&](const std::string& so_far, std::vector<char>& bytes) {
        if (so_far.size() > flights) bytes.clear();
      });
  return relayed.met.greeted();
}

TEST(TlsStream, adds_one_round_trip_to_a_greeting) {
  const TlsFolders folders;
  EXPECT_TRUE(greeted_within(2, make_plain_stream, make_plain_stream));
  EXPECT_FALSE(greeted_within(3, folders.client(), folders.server()));
  EXPECT_TRUE(greeted_within(4, folders.client(), folders.server()));
}

TEST(TlsStream, shows_no_message_to_who_listens) {
  const TlsFolders folders;
  const std::string magic = "SWAN";
  const auto holds = [&](const std::vector<char>& seen) {
    return std::search(seen.begin(), seen.end(), magic.begin(), magic.end()) != seen.end();
  };
  EXPECT_TRUE(holds(meet_through(make_plain_stream, make_plain_stream).seen));
  EXPECT_FALSE(holds(meet_through(folders.client(), folders.server()).seen));
}

TEST(TlsStream, ends_when_a_byte_is_changed_on_the_way) {
  const TlsFolders folders;
  const Relayed down = meet_through(folders.client(), folders.server(),
                                    [](const std::string& flights, std::vector<char>& bytes) {
                                      if (flights == "udud") bytes.back() ^= 1;  // the welcome
                                    });
  EXPECT_FALSE(down.met.greeted());
  EXPECT_EQ(down.met.caller.why, "TLS: what came was altered on the way");
  EXPECT_TRUE(down.met.called.gone);
}

// Many messages both ways at once.
struct Busy {
  std::vector<Message> up, down;
};

Busy exchange(const MakeStream& caller, const MakeStream& called, int count, std::size_t largest) {
  auto [calling, listening] = socket_pair();
  WallClock clock;
  Busy busy;
  std::thread other([&, socket = std::move(listening)]() mutable {
    SocketTransport transport(clock, called);
    transport.add(0, "client", std::move(socket), {}, Side::called);
    for (int i = 0; i < count; ++i) transport.send(0, of_kind(Kind::reply, largest * i / count));
    for (int i = 0; i < count; ++i) busy.up.push_back(transport.recv(0, no_deadline)->message);
  });
  SocketTransport transport(clock, caller);
  transport.add(1, "server", std::move(calling), {.probes = Probes::asked});
  for (int i = 0; i < count; ++i) transport.send(1, of_kind(Kind::request, largest * i / count));
  for (int i = 0; i < count; ++i) busy.down.push_back(transport.recv(1, no_deadline)->message);
  other.join();
  return busy;
}

void expect_whole(const Busy& busy, int count, std::size_t largest) {
  for (const auto* way : {&busy.up, &busy.down}) {
    ASSERT_EQ(way->size(), static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ((*way)[i].payload, Bytes(largest * i / count, std::byte{7})) << i;
    }
  }
}

TEST(TlsStream, carries_messages_of_any_size_both_ways_at_once) {
  const TlsFolders folders;
  expect_whole(exchange(folders.client(), folders.server(), 12, 2'000'000), 12, 2'000'000);
}

TEST(TlsStream, goes_on_under_new_keys) {
  const TlsFolders folders;
  const auto rekeyed = [&](const std::string& party, TlsSides sides) {
    return tls_streams({folders / party, "gpu.example.org", sides, /*rekey_bytes=*/10'000});
  };
  expect_whole(
      exchange(rekeyed("client", TlsSides::caller), rekeyed("server", TlsSides::called), 100, 50'000), 100,
      50'000);
}

// Of nodes that call each other, each says which it is: by its certificate it must be that one.
TEST(TlsStream, lets_nobody_pass_for_another_who_is_let_in) {
  const tests::TemporaryFolder folder;
  const std::string folders = folder / "tls";
  make_tls_folder(folders,
                  {{.name = "attn-0-1",
                    .names = {"attn-0-1"},
                    .called = true,
                    .calls = true,
                    .lets_in = {"client", "comp-0"}},
                   {.name = "comp-0", .names = {"comp-0"}, .called = true, .calls = true, .lets_in = {}},
                   {.name = "client", .names = {}, .called = false, .calls = true, .lets_in = {}}},
                  30);
  for (const auto& [who, fine] : {std::pair{"client", false}, {"comp-0", true}}) {
    std::promise<std::string> told;
    WallClock clock;
    SocketTransport node(clock, tls_streams({folders + "/attn-0-1", "", TlsSides::called}));
    node.expect_calls({{1},
                       [](PartyId, const std::string&) { return "comp:0"; },
                       [](PartyId) { return "comp-0"; },
                       [&](const std::string& line) { told.set_value(line); }},
                      {});
    SocketTransport caller(clock, tls_streams({folders + "/" + who, "attn-0-1", TlsSides::caller}));
    auto [calling, listening] = socket_pair();
    caller.add(9, "node", std::move(calling));
    Message hello = of_kind(Kind::hello);
    hello.header.context = 1;
    caller.send(9, hello);
    node.called(std::move(listening));
    if (fine) {
      EXPECT_TRUE(node.missing(clock.now() + std::chrono::seconds(10)).empty());
    } else {
      EXPECT_EQ(told.get_future().get(), "uid 0: does not prove to be comp-0");
    }
  }
}

// A client whose certificate is refused learns of it when it reads, after the handshake: whatever it sends
// meanwhile, the reason comes through.
TEST(TlsStream, tells_a_client_that_is_sending_why_it_was_refused) {
  const TlsFolders folders;
  std::filesystem::remove(folders / "server/clients/client.pem");
  for (int i = 0; i < 20; ++i) {
    const WallClock clock;
    boost::asio::io_context io;
    auto [calling, listening] = socket_pair();
    End caller, called;
    start(caller, io, clock, folders.client(), std::move(calling), Side::caller);
    for (int n = 0; n < 50; ++n) caller.channel->send(of_kind(Kind::request, 100'000));
    start(called, io, clock, folders.server(), std::move(listening), Side::called);
    io.run_for(std::chrono::seconds(10));
    EXPECT_THAT(caller.why, HasSubstr("no longer, among those let in"));
    EXPECT_THAT(called.why, HasSubstr("no longer, among those in"));
    caller.channel = called.channel = nullptr;
  }
}

}  // namespace
}  // namespace splitwan::tests
