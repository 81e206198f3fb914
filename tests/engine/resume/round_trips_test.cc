// How many round trips a client is away from its answer when its connection was lost: over a relay that takes
// its time, so that what is sent without waiting goes as one flight.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <deque>

#include "engine/resume/resuming_transport.hh"
#include "engine/tls/tls_folder.hh"
#include "engine/tls/tls_stream.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace splitwan::tests {
namespace {

using engine::Endpoint, engine::MakeStream, engine::OpenSocket;

constexpr engine::PartyId server = 1;
constexpr auto each_way = 60ms;

// One connection after the other. A flight: what comes from one side until the other side speaks.
class SlowRelay {
 public:
  explicit SlowRelay(Endpoint to) : to_(std::move(to)), thread_([this] { run(); }) {}
  ~SlowRelay() {
    over_ = true;
    thread_.join();
  }
  const Endpoint& address() const { return listener_.address(); }
  void cut() { cut_ = true; }
  int flights() const { return flights_; }  // of the connection that is there, or was

 private:
  struct Late {
    std::chrono::steady_clock::time_point due;
    int to;
    std::string bytes;
  };

  void run() {
    while (!over_)
      if (auto client = listener_.accept(10ms)) pass(std::move(*client));
  }
  void pass(OpenSocket client) {
    const OpenSocket far = engine::connect(to_);
    const std::array<int, 2> ends{client.descriptor(), far.descriptor()};
    std::deque<Late> late;
    std::array<char, 65536> buffer;
    int last = -1;
    flights_ = 0;
    cut_ = false;
    while (!over_ && !cut_) {
      std::array<pollfd, 2> wanted{pollfd{ends[0], POLLIN, 0}, pollfd{ends[1], POLLIN, 0}};
      ::poll(wanted.data(), 2, 1);
      for (int from = 0; from < 2; ++from) {
        const auto got =
            ::recv(ends[static_cast<std::size_t>(from)], buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got == 0) return;
        if (got < 0) continue;
        if (std::exchange(last, from) != from) ++flights_;
        late.push_back({std::chrono::steady_clock::now() + each_way, 1 - from,
                        std::string(buffer.data(), static_cast<std::size_t>(got))});
      }
      for (; !late.empty() && late.front().due <= std::chrono::steady_clock::now(); late.pop_front())
        if (::send(ends[static_cast<std::size_t>(late.front().to)], late.front().bytes.data(),
                   late.front().bytes.size(), MSG_NOSIGNAL) < 0)
          return;
    }
  }

  const Endpoint to_;
  engine::Listener listener_{{"127.0.0.1", 0}};
  std::atomic<bool> over_ = false, cut_ = false;
  std::atomic<int> flights_ = 0;
  std::thread thread_;
};

// Flights between the client's coming back and its answer. TCP's own handshake, a round trip, comes before.
int flights_to_the_answer(const Endpoint& at, const MakeStream& make) {
  SlowRelay relay(at);
  engine::WallClock clock;
  engine::ResumeTerms terms;
  terms.servers = {relay.address()};
  terms.make = make;
  terms.channel.probes = engine::Probes::answered;
  engine::ResumingTransport client(clock, server, terms);
  const auto hear = [&] { return client.recv(server, clock.now() + 20s); };
  client.send(server, engine::text_message(Kind::hello, "{}"));
  client.send(server, rows_message(Kind::request, {1, 2, 3}, 0));
  EXPECT_EQ(hear()->message.header.kind, Kind::welcome);
  EXPECT_EQ(hear()->message.header.rows, 3u);
  relay.cut();
  client.send(server, rows_message(Kind::request, {4}, 3));
  const auto answer = hear();
  EXPECT_EQ(rows_of(answer->message).size(), 1u);
  EXPECT_EQ(answer->outages.size(), 1u);
  return relay.flights();
}

TEST(RoundTrips, after_tcp_the_answer_is_one_away) {
  RunningServer r;
  EXPECT_EQ(flights_to_the_answer(r.server.address(), engine::make_plain_stream), 2);
}

TEST(RoundTrips, under_tls_it_is_two_and_tcps_own_makes_three) {
  const TemporaryFolder folder;
  const std::string tls = folder / "tls";
  engine::make_tls_folder(tls,
                          {{.name = "server", .names = {"127.0.0.1"}, .called = true, .lets_in = {"client"}},
                           {.name = "client", .calls = true}},
                          1);
  RunningServer r({}, nullptr, {"127.0.0.1", 0}, engine::tls_streams({tls + "/server"}));
  EXPECT_EQ(flights_to_the_answer(r.server.address(), engine::tls_streams({tls + "/client"})), 4);
}

}  // namespace
}  // namespace splitwan::tests
