// One connection's messages: what is waited for has an end, what is announced costs nothing, what was said
// arrives.
#include "engine/net/channel.hh"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <condition_variable>
#include <fstream>
#include <thread>

#include "engine/net/sockets.hh"
#include "tests/fixtures/fixtures.hh"

namespace {

constexpr const char* two_addresses = "two.addresses.example";

}  // namespace

// A name that no resolver knows.
extern "C" int getaddrinfo(const char* host, const char* port, const addrinfo* wanted, addrinfo** found) {
  static const auto real = reinterpret_cast<decltype(&::getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  if (!host || host != std::string_view(two_addresses)) return real(host, port, wanted, found);
  if (const int failed = real("127.0.0.1", port, wanted, found)) return failed;
  return real("127.0.0.2", port, wanted, &(*found)->ai_next);
}

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;
using namespace std::chrono_literals;

Message of_kind(Kind kind, std::size_t bytes = 0) {
  Message m;
  m.header.kind = kind;
  m.payload.resize(bytes);
  return m;
}

bool comes_true(const std::function<bool()>& holds) {
  for (const auto by = std::chrono::steady_clock::now() + 5s; std::chrono::steady_clock::now() < by;) {
    if (holds()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return holds();
}

// One end as a channel, the other as a bare socket.
struct Half {
  explicit Half(const ChannelTerms& terms, MakeStream make = make_plain_stream)
      : channel(std::make_shared<Channel>(
            7, make(boost::asio::make_strand(io), *listener.accept(), Side::called), terms, clock)) {
    channel->start({{},
                    [this](Arrival a) {
                      const std::lock_guard lock(mutex);
                      arrivals.push_back(std::move(a));
                      changed.notify_all();
                    },
                    [this](const std::string& why) {
                      const std::lock_guard lock(mutex);
                      gone = why;
                      changed.notify_all();
                    }});
    thread = std::thread([this] { io.run(); });
  }
  ~Half() {
    channel->cut();
    busy.reset();
    thread.join();
  }
  bool wait(const std::function<bool()>& holds, Nanos within = 20s) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, within, holds);
  }
  void write(std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      pollfd wanted{far.descriptor(), POLLOUT, 0};
      ::poll(&wanted, 1, 20'000);
      const auto sent = ::send(far.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  std::size_t read(std::size_t most) const {  // so many bytes, or until the end
    std::array<std::byte, 65536> buffer;
    std::size_t sum = 0;
    while (sum < most) {
      pollfd wanted{far.descriptor(), POLLIN, 0};
      ::poll(&wanted, 1, 20'000);
      const auto bytes = ::recv(far.descriptor(), buffer.data(), std::min(buffer.size(), most - sum), 0);
      if (bytes <= 0) break;
      sum += static_cast<std::size_t>(bytes);
    }
    return sum;
  }

  WallClock clock;
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy{io.get_executor()};
  Listener listener{{"127.0.0.1", 0}};
  OpenSocket far = connect(listener.address());
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Arrival> arrivals;
  std::optional<std::string> gone;
  std::shared_ptr<Channel> channel;
  std::thread thread;
};

TEST(Channel, gives_out_messages_whole_however_they_come) {
  Half half({});
  Message sent = of_kind(Kind::request, 1000);
  sent.header.parent = {-1, 0, 1};
  sent.payload[999] = std::byte{42};
  const Bytes bytes = encode(sent);
  for (std::size_t at = 0; at < bytes.size(); at += 100)
    half.write(std::span(bytes).subspan(at, std::min<std::size_t>(100, bytes.size() - at)));
  ASSERT_TRUE(half.wait([&] { return half.arrivals.size() == 1; }));
  EXPECT_EQ(encode(half.arrivals[0].message), bytes);
  EXPECT_EQ(half.arrivals[0].from, 7u);
}

TEST(Channel, ends_with_a_peer_that_says_nothing) {
  Half half({.greeting = 100ms});
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  EXPECT_EQ(*half.gone, "no greeting within 0.1 s");
}

TEST(Channel, ends_with_a_peer_that_drips_its_greeting) {
  Half half({.greeting = 300ms});
  const Bytes bytes = encode(of_kind(Kind::hello));
  std::thread drip([&] {
    for (const std::byte& b : bytes) {
      if (::send(half.far.descriptor(), &b, 1, MSG_NOSIGNAL) != 1) return;
      std::this_thread::sleep_for(20ms);
    }
  });
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  drip.join();
  EXPECT_THAT(*half.gone, HasSubstr("no greeting"));
  EXPECT_TRUE(half.arrivals.empty());
}

TEST(Channel, is_not_kept_open_by_pings) {
  Half half({.greeting = 300ms});
  std::thread pings([&] {
    const Bytes ping = encode(of_kind(Kind::ping));
    for (int i = 0; i < 50; ++i) {
      if (::send(half.far.descriptor(), ping.data(), ping.size(), MSG_NOSIGNAL) < 0) return;
      std::this_thread::sleep_for(20ms);
    }
  });
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  pings.join();
  EXPECT_THAT(*half.gone, HasSubstr("no greeting"));
}

TEST(Channel, may_rest_between_messages_but_not_inside_one) {
  Half half({.greeting = 200ms, .patience = 200ms, .slowest = 1 << 20});
  const Bytes bytes = encode(of_kind(Kind::request, 1000));
  half.write(bytes);
  ASSERT_TRUE(half.wait([&] { return half.arrivals.size() == 1; }));
  EXPECT_FALSE(half.wait([&] { return half.gone.has_value(); }, 600ms));
  half.write(std::span(bytes).first(500));
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  EXPECT_EQ(*half.gone, "a message that had begun did not come");
}

TEST(Channel, with_an_answer_due_ends_when_the_peer_gives_no_sign_of_life) {
  Half half({.probes = Probes::asked, .silence = 100ms});
  EXPECT_FALSE(half.wait([&] { return half.gone.has_value(); }, 500ms));  // nothing is due
  half.channel->send(of_kind(Kind::request));
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }, 5s));
  EXPECT_EQ(*half.gone, "no sign of life within 0.2 s");
}

TEST(Channel, waits_for_a_peer_that_computes_for_long) {
  WallClock clock;
  Listener listener({"127.0.0.1", 0});
  SocketTransport client(clock), server(clock);
  client.add(1, "server", connect(listener.address()), {.probes = Probes::asked, .silence = 50ms});
  server.add(0, "client", *listener.accept(), {}, Side::called);
  client.send(1, of_kind(Kind::request));
  ASSERT_TRUE(server.recv(0, clock.now() + 5s));
  EXPECT_FALSE(client.recv(1, clock.now() + 600ms));  // nothing came, and nobody is lost
  server.send(0, of_kind(Kind::reply));
  EXPECT_TRUE(client.recv(1, clock.now() + 5s));
}

TEST(Channel, takes_no_memory_for_what_is_only_announced) {
  constexpr std::size_t announced = std::size_t{1} << 30;
  Half half({.limits = {.payload = 2 * announced}});
  Bytes head = encode(of_kind(Kind::request));
  std::memcpy(head.data() + 48, &announced, sizeof announced);
  half.write(head);
  half.write(Bytes(1000));
  EXPECT_FALSE(half.wait([&] { return half.gone.has_value(); }, 200ms));
  EXPECT_LE(half.channel->coming(), 1u << 20);
}

TEST(Channel, ends_with_a_peer_that_does_not_read) {
  Half half({.patience = 200ms, .slowest = 1 << 30});
  half.channel->send(of_kind(Kind::reply, 64 << 20));
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  EXPECT_EQ(*half.gone, "does not read what it is sent");
  EXPECT_EQ(half.channel->queued(), 0u);
}

TEST(Channel, that_is_closed_sends_what_it_was_told_first) {
  Half half({});
  half.channel->send(of_kind(Kind::reply, 5 << 20));
  half.channel->send(of_kind(Kind::error, 100));
  half.channel->close();
  EXPECT_EQ(half.read(SIZE_MAX), (5u << 20) + 100 + 2 * prefix_size);
}

TEST(Channel, that_is_closed_waits_no_longer_than_its_patience) {
  Half half({.patience = 200ms, .slowest = 1 << 30});
  half.channel->send(of_kind(Kind::reply, 64 << 20));
  half.channel->close();
  ASSERT_TRUE(half.wait([&] { return half.gone.has_value(); }, 5s));
}

TEST(Channel, keeps_nothing_of_what_has_been_written) {
  constexpr std::size_t large = std::size_t{64} << 20;  // malloc asks the system for so much
  Half half({});
  const auto before = ::mallinfo2().hblkhd;
  half.channel->send(of_kind(Kind::reply, large));
  half.read(large + prefix_size);
  EXPECT_TRUE(comes_true([&] { return ::mallinfo2().hblkhd < before + large / 2; }));
}

TEST(Channel, reads_what_comes_after_a_refusal_and_keeps_none_of_it) {
  Half half({});
  half.write(encode(of_kind(Kind::request)));
  ASSERT_TRUE(half.wait([&] { return half.arrivals.size() == 1; }));
  half.channel->send(of_kind(Kind::error, 10));
  half.channel->close();
  half.read(10 + prefix_size);
  Bytes bytes = encode(of_kind(Kind::request, 16 << 20));
  half.write(std::span(bytes).first(15 << 20));
  EXPECT_FALSE(half.wait([&] { return half.gone.has_value(); }, 200ms));
  EXPECT_EQ(half.channel->coming(), 0u);
  half.write(std::span(bytes).subspan(15 << 20));
  half.far = connect(half.listener.address());  // the peer leaves
  EXPECT_TRUE(half.wait([&] { return half.gone.has_value(); }));
  EXPECT_EQ(half.arrivals.size(), 1u);
}

TEST(Channel, told_to_hold_reads_no_further) {
  Half half({});
  half.write(encode(of_kind(Kind::request)));
  ASSERT_TRUE(half.wait([&] { return half.arrivals.size() == 1; }));
  half.channel->hold_reading(true);
  for (int i = 0; i < 5; ++i) half.write(encode(of_kind(Kind::request)));
  EXPECT_FALSE(half.wait([&] { return half.arrivals.size() > 2; }, 200ms));  // one had begun
  half.channel->hold_reading(false);
  EXPECT_TRUE(half.wait([&] { return half.arrivals.size() == 6; }));
}

TEST(UnixSockets, carry_messages_and_are_for_their_owner_alone) {
  const tests::TemporaryFolder folder;
  const Endpoint here = parse_endpoint("unix:" + (folder / "socket"));
  WallClock clock;
  {
    Listener listener(here);
    EXPECT_EQ(std::filesystem::status(here.path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    SocketTransport client(clock), server(clock);
    client.add(1, "server", connect(here));
    server.add(0, "client", *listener.accept(), {}, Side::called);
    client.send(1, of_kind(Kind::hello, 10));
    EXPECT_EQ(server.recv(0, no_deadline)->message.payload.size(), 10u);
    EXPECT_EQ(server.protection(0), "Unix socket");
    EXPECT_THAT(error_of([&] { Listener second(here); }), HasSubstr("cannot listen"));
  }
  EXPECT_FALSE(std::filesystem::exists(here.path));
  EXPECT_THAT(error_of([&] { connect(here); }), HasSubstr("cannot be reached"));
}

TEST(UnixSockets, take_over_what_a_killed_server_left_and_nothing_else) {
  const tests::TemporaryFolder folder;
  const Endpoint here = parse_endpoint("unix:" + (folder / "socket"));
  {
    const Listener killed(here);
    std::filesystem::rename(here.path, here.path + ".left");
  }
  std::filesystem::rename(here.path + ".left", here.path);
  const Listener listener(here);
  const std::string file = folder / "file";
  std::ofstream(file) << "text";
  EXPECT_THAT(error_of([&] { Listener none(parse_endpoint("unix:" + file)); }), HasSubstr("cannot listen"));
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST(Endpoints, are_read_as_they_are_written) {
  for (const char* text : {"127.0.0.1:7000", "[::1]:7000", "host.example:1", "unix:/run/a b"})
    EXPECT_EQ(parse_endpoint(text).text(), text);
  for (const char* text : {"", "host", ":7000", "host:", "host:70000", "host:7000x", "unix:"})
    EXPECT_THAT(error_of([&] { parse_endpoint(text); }), HasSubstr("is not an address")) << text;
}

TEST(Names, with_an_address_where_nobody_answers_lead_to_the_next_one_in_time) {
  // A queue of callers that is full answers nobody.
  const Listener there({"127.0.0.2", 0});
  const OpenSocket full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "");
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(there.address().port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(full.descriptor(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(full.descriptor(), 0), 0);
  std::vector<OpenSocket> queue;
  while (error_of([&] { queue.push_back(connect({"127.0.0.1", there.address().port}, 100ms)); }).empty())
    ;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(connect({two_addresses, there.address().port}, 3s).peer(), there.address().text());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2500ms);
}

TEST(Callers, who_say_who_they_are_are_taken_and_others_are_not) {
  WallClock clock;
  Listener listener({"127.0.0.1", 0});
  std::atomic<int> unexpected = 0;
  SocketTransport node(clock), three(clock);
  ChannelTerms terms;
  terms.greeting = 300ms;
  node.expect_calls(
      {{3},
       [](PartyId id, const std::string&) { return fmt::format("node {}", id); },
       [](PartyId id) { return fmt::format("node-{}", id); },
       [&](const std::string& line) { unexpected += line.ends_with(": is nobody who is expected"); }},
      terms);
  const OpenSocket silent = connect(listener.address());
  node.called(*listener.accept());
  const OpenSocket wrong = connect(listener.address());
  node.called(*listener.accept());
  Message four = of_kind(Kind::hello);
  four.header.context = 4;
  const Bytes bytes = encode(four);
  ASSERT_EQ(::send(wrong.descriptor(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  EXPECT_EQ(node.missing(clock.now() + 100ms), (std::set<PartyId>{3}));
  three.add(9, "node", connect(listener.address()));
  node.called(*listener.accept());
  Message hello = of_kind(Kind::hello);
  hello.header.context = 3;
  three.send(9, hello);
  three.send(9, of_kind(Kind::request, 5));
  EXPECT_TRUE(node.missing(clock.now() + 10s).empty());
  const auto first = node.recv(any_party, no_deadline);
  EXPECT_EQ(first->from, 3u);
  EXPECT_EQ(first->message.payload.size(), 5u);
  EXPECT_EQ(unexpected, 1);
}

}  // namespace
}  // namespace splitwan::engine
