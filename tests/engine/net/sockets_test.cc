// Peers that are strangers, silent or gone.
#include "engine/net/sockets.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include <thread>

#include "engine/split/hello.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::HasSubstr;
using tests::error_of;
using namespace std::chrono_literals;

Message request(std::size_t bytes) {
  Message m;
  m.payload.resize(bytes);
  return m;
}

struct Pair {
  WallClock clock;
  Listener listener{{"127.0.0.1", 0}};
  OpenSocket outgoing = connect(listener.address());
  OpenSocket incoming = *listener.accept();
};

TEST(Sockets, a_refusal_reaches_a_peer_that_is_still_sending) {
  Pair pair;
  SocketTransport client(pair.clock);
  client.add(1, "server", std::move(pair.outgoing));
  std::thread server([&] {
    SocketTransport transport(pair.clock);
    transport.add(0, "client", std::move(pair.incoming), {}, Side::called);
    transport.recv(0, no_deadline);
    transport.send(0, error_message("the split differs"));
  });
  for (int i = 0; i < 50; ++i) {
    client.send(1, request(200'000));
    std::this_thread::sleep_for(2ms);
  }
  const auto arrival = client.recv(1, no_deadline);
  ASSERT_TRUE(arrival);
  EXPECT_EQ(error_of([&] { expect(arrival->message, Kind::welcome); }), "peer refused: the split differs");
  server.join();
  EXPECT_THAT(error_of([&] { client.recv(1, no_deadline); }), HasSubstr("server: connection lost"));
}

TEST(Sockets, a_strangers_first_message_is_held_to_its_own_limit) {
  Pair pair;
  SocketTransport client(pair.clock), server(pair.clock);
  client.add(1, "server", std::move(pair.outgoing));
  Limits limits;
  limits.first_payload = 1000;
  server.add(0, "client", std::move(pair.incoming), {.limits = limits}, Side::called);
  client.send(1, request(1001));
  EXPECT_THAT(error_of([&] { server.recv(0, no_deadline); }), HasSubstr("1001"));
}

TEST(Sockets, run_cubic_from_the_handshake_on) {
  Pair pair;
  for (OpenSocket* socket : {&pair.outgoing, &pair.incoming}) {
    char name[16] = {};
    socklen_t size = sizeof name;
    ASSERT_EQ(getsockopt(socket->descriptor(), IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
    EXPECT_STREQ(name, "cubic");
  }
}

Message of_kind(Kind kind, std::uint64_t step = 0) {
  Message m;
  m.header.kind = kind;
  m.header.step = step;
  return m;
}

// Asks `requests` times, `rest` apart, of a server that takes `work` for each.
std::vector<Arrival> ask(Probes probes, int requests, Nanos rest, Nanos work = {}) {
  Pair pair;
  SocketTransport client(pair.clock);
  client.add(1, "server", std::move(pair.outgoing), {.probes = probes});
  std::thread server([&] {
    SocketTransport transport(pair.clock);
    transport.add(0, "client", std::move(pair.incoming), {}, Side::called);
    for (int i = 0; i < requests; ++i) {
      EXPECT_EQ(transport.recv(0, no_deadline)->message.header.kind, Kind::request);
      std::this_thread::sleep_for(work);
      transport.send(0, of_kind(Kind::reply));
    }
    transport.recv(0, no_deadline);
  });
  std::vector<Arrival> replies;
  for (int i = 0; i < requests; ++i) {
    client.send(1, of_kind(Kind::request));
    replies.push_back(*client.recv(1, no_deadline));
    std::this_thread::sleep_for(rest);
  }
  client.send(1, of_kind(Kind::bye));
  server.join();
  return replies;
}

TEST(Probes, tell_the_round_trip_of_a_connection_with_nothing_under_way) {
  const auto replies = ask(Probes::asked, 3, 150ms, 200ms);
  EXPECT_EQ(replies[0].tcp.probe_bytes, 0u);  // none yet: it is sent when the first is answered
  for (const int i : {1, 2}) {
    EXPECT_EQ(replies[i].tcp.probe_bytes, 2 * prefix_size);
    EXPECT_GT(replies[i].tcp.probe, Nanos(0));
    EXPECT_LT(replies[i].tcp.probe, 150ms);  // nobody works on it
    EXPECT_EQ(replies[i].tcp.peer_retransmits, 0u);
  }
}

TEST(Probes, are_at_most_ten_a_second_and_none_while_the_connection_rests) {
  const auto often = ask(Probes::asked, 20, 10ms);
  EXPECT_LE(std::ranges::count_if(often, [](auto& a) { return a.tcp.probe_bytes > 0; }), 4);
  const auto rested = ask(Probes::asked, 2, 1s);
  EXPECT_EQ(rested[1].tcp.probe_bytes, 2 * prefix_size);  // one, not ten
}

TEST(Probes, are_sent_by_nobody_who_was_not_told_to) {
  for (const Arrival& a : ask(Probes::answered, 3, 300ms)) EXPECT_EQ(a.tcp.probe_bytes, 0u);
}

TEST(Probes, of_a_stranger_lift_no_limit_and_reach_no_party) {
  Pair pair;
  SocketTransport client(pair.clock), server(pair.clock);
  client.add(1, "server", std::move(pair.outgoing));
  Limits limits;
  limits.first_payload = 1000;
  server.add(0, "client", std::move(pair.incoming), {.limits = limits}, Side::called);
  client.send(1, of_kind(Kind::ping, 1));
  EXPECT_FALSE(server.recv(0, pair.clock.now() + 100ms));
  client.send(1, request(1001));
  EXPECT_THAT(error_of([&] { server.recv(0, no_deadline); }), HasSubstr("1001"));
}

TEST(Hello, from_a_hostile_client_is_refused_and_not_repeated) {
  const ModelConfig config;
  Message deep = error_message(R"({"middle":[2,10],"geometry":{"layers":)" + std::string(20'000, '[') +
                               std::string(20'000, ']') + "}}");
  deep.header.kind = Kind::hello;
  EXPECT_EQ(error_of([&] { check_hello(deep, config, {2, 10}); }), "malformed hello");
  Message long_value =
      error_message(R"({"middle":[2,10],"geometry":{"layers":")" + std::string(50'000, 'x') + "\"}}");
  long_value.header.kind = Kind::hello;
  EXPECT_LT(error_of([&] { check_hello(long_value, config, {2, 10}); }).size(), 200u);
  Message no_object = error_message(R"({"middle":[2,10],"geometry":5})");
  no_object.header.kind = Kind::hello;
  EXPECT_EQ(error_of([&] { check_hello(no_object, config, {2, 10}); }), "malformed hello");
}

}  // namespace
}  // namespace splitwan::engine
