// Sessions come, are turned away, and end.
#include "engine/serve/threaded_server.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "engine/split/hello.hh"
#include "engine/wire/codecs.hh"
#include "tests/fixtures/forward_fixture.hh"

namespace splitwan::engine {
namespace {

using testing::Contains;
using testing::HasSubstr;
using tests::error_of;
using namespace std::chrono_literals;

// A server of the small model's layers 1 to 3, on a thread of its own.
struct Running {
  explicit Running(int sessions, Nanos idle = 1min)
      : server({"127.0.0.1", 0}, model.config(), middle,
               {sessions,
                1,
                {idle},
                [this](const std::string& line) {
                  const std::lock_guard lock(mutex);
                  lines.push_back(line);
                }}),
        thread([this] { server.run(); }) {}
  ~Running() { stop(); }
  void stop() {
    server.end();
    if (thread.joinable()) thread.join();
  }
  std::vector<std::string> log() {
    const std::lock_guard lock(mutex);
    return lines;
  }

  tests::RandomModel model;
  LayerStack middle{*model.checkpoint, {1, 3}};
  std::mutex mutex;
  std::vector<std::string> lines;
  ThreadedServer server;
  std::thread thread;
};

// A client that has said hello and been welcomed.
struct Client {
  explicit Client(Running& r) {
    transport.add(1, "server", connect(r.server.address()));
    transport.send(1, hello(r.model.config(), {1, 3}, lossless_codec()));
    const auto answer = transport.recv(1, clock.now() + 20s);
    if (!answer) throw Error("no answer");
    expect(answer->message, Kind::welcome);
  }
  void leave() { transport.send(1, plain(Kind::bye)); }

  WallClock clock;
  SocketTransport transport{clock};
};

void wait_until(const std::function<bool()>& holds) {
  for (int i = 0; i < 400 && !holds(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(holds());
}

TEST(Server, serves_clients_side_by_side_and_lets_them_go) {
  Running r(2);
  Client first(r), second(r);
  EXPECT_EQ(r.server.active(), 2);
  first.leave();
  wait_until([&] { return r.server.active() == 1; });
  Client third(r);
  EXPECT_EQ(r.server.active(), 2);
  second.leave();
  third.leave();
  r.stop();
  EXPECT_EQ(r.server.active(), 0);
  EXPECT_THAT(r.log(), Contains(HasSubstr("session 3: client 127.0.0.1:")));
}

TEST(Server, tells_a_client_too_many_that_all_sessions_are_taken) {
  Running r(1);
  Client first(r);
  EXPECT_EQ(error_of([&] { Client second(r); }), "peer refused: all sessions are taken: try again later");
  EXPECT_EQ(r.server.active(), 1);
  first.leave();
  wait_until([&] { return r.server.active() == 0; });
  Client third(r);
  third.leave();
}

TEST(Server, told_to_end_takes_nobody_new_and_lets_sessions_finish) {
  Running r(2);
  const auto port = r.server.address().port;
  Client client(r);
  r.server.end();
  wait_until([&] { return !error_of([&] { connect({"127.0.0.1", port}); }).empty(); });
  EXPECT_EQ(r.server.active(), 1);
  client.leave();
  r.thread.join();
  EXPECT_EQ(r.server.active(), 0);
}

TEST(Server, ends_a_session_that_asks_nothing) {
  Running r(1, 100ms);
  Client client(r);
  wait_until([&] { return r.server.active() == 0; });
  EXPECT_THAT(r.log(), Contains(HasSubstr("nothing came for 0 s")));
}

TEST(Server, survives_a_stranger) {
  Running r(1);
  {
    const OpenSocket stranger = connect(r.server.address());
    const Bytes noise(200, std::byte{0x47});
    ASSERT_EQ(::write(stranger.descriptor(), noise.data(), noise.size()), 200);
    wait_until([&] { return r.log().size() == 2; });
  }
  Client client(r);
  client.leave();
}

}  // namespace
}  // namespace splitwan::engine
