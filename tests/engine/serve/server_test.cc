// Sessions come, are turned away, and end.
#include "engine/serve/server.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace splitwan::tests {
namespace {

using testing::Contains;
using testing::HasSubstr;

engine::ServerTerms for_sessions(int sessions) {
  engine::ServerTerms terms;
  terms.seats.sessions = sessions;
  return terms;
}

// A client that has said hello and been welcomed.
struct Client : HandClient {
  explicit Client(const RunningServer& s) : HandClient(s) {
    hello();
    welcome();
  }
  void leave() { send(engine::text_message(Kind::bye)); }
};

TEST(Server, serves_clients_side_by_side_and_lets_them_go) {
  RunningServer r(for_sessions(2));
  Client first(r), second(r);
  EXPECT_EQ(r.server.state().sessions, 2);
  EXPECT_EQ(first.ask({7, 8}, 0), answers_to({7, 8}));
  EXPECT_EQ(second.ask({9}, 0), answers_to({9}));
  EXPECT_EQ(first.ask({3}, 2)[0], answers_to({7, 8, 3})[2]);
  first.leave();
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 1; }));
  Client third(r);
  EXPECT_EQ(r.server.state().sessions, 2);
  second.leave();
  third.leave();
  EXPECT_TRUE(comes_true([&] { return r.server.state().connections == 0 && r.served.sessions == 0; }));
  EXPECT_THAT(r.watch.all(r.watch.lines), Contains(HasSubstr("session 3: client 127.0.0.1:")));
}

TEST(Server, tells_a_client_too_many_that_all_sessions_are_taken) {
  RunningServer r(for_sessions(1));
  Client first(r);
  EXPECT_EQ(error_of([&] { Client second(r); }), "refused: all sessions are taken: try again later");
  EXPECT_EQ(r.server.state().sessions, 1);
  EXPECT_THAT(r.watch.all(r.watch.refusals), testing::ElementsAre("sessions"));
  first.leave();
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 0; }));
  Client third(r);
}

// Its client reads at once: the answer is no backlog, however large.
TEST(Server, goes_on_at_once_after_an_answer_beyond_what_may_stay_unread) {
  engine::ServerTerms terms;
  terms.unread = 500;
  RunningServer r(terms);
  Client client(r);
  std::vector<std::chrono::steady_clock::duration> took;
  for (std::uint32_t i = 0; i < 15; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    client.ask(Rows(200), 200 * i);
    took.push_back(std::chrono::steady_clock::now() - begun);
  }
  std::ranges::sort(took);
  EXPECT_LT(took[7], 5ms);  // the server looks at backlogs every 10 ms
}

TEST(Server, told_to_end_takes_nobody_new_and_lets_sessions_finish) {
  RunningServer r(for_sessions(2));
  Client client(r);
  r.server.drain();
  EXPECT_TRUE(comes_true([&] { return !error_of([&] { engine::connect(r.server.address()); }).empty(); }));
  EXPECT_EQ(client.ask({5}, 0), answers_to({5}));
  EXPECT_EQ(r.server.state().sessions, 1);
  client.leave();
  r.thread.join();
  EXPECT_EQ(r.server.state().sessions, 0);
}

TEST(Server, told_to_end_waits_for_a_session_no_longer_than_agreed) {
  auto terms = for_sessions(2);
  terms.drain = 200ms;
  RunningServer r(terms);
  Client client(r);
  r.server.drain();
  const auto begun = std::chrono::steady_clock::now();
  r.thread.join();
  EXPECT_GT(std::chrono::steady_clock::now() - begun, 150ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_THAT(r.watch.all(r.watch.endings), testing::ElementsAre("drained"));
}

TEST(Server, told_to_end_at_once_does) {
  RunningServer r;
  Client client(r);
  r.server.end();
  r.thread.join();
  EXPECT_THAT(error_of([&] { client.hear(); }), HasSubstr("connection lost"));
}

TEST(Server, ends_a_session_that_asks_nothing) {
  engine::ServerTerms terms;
  terms.idle = 100ms;
  RunningServer r(terms);
  Client client(r);
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 0; }));
  EXPECT_EQ(error_of([&] { client.hear(); }), "refused: session closed: nothing came for 0 s");
}

TEST(Server, survives_a_stranger) {
  RunningServer r;
  {
    HandClient stranger(r);
    stranger.send(rows_message(Kind::request, {1}, 0));
    EXPECT_EQ(error_of([&] { stranger.hear(); }), "refused: 'request' came where a hello was expected");
  }
  Client client(r);
  EXPECT_EQ(client.ask({1}, 0), answers_to({1}));
}

TEST(Server, tells_a_client_of_another_model_what_differs) {
  RunningServer r;
  HandClient client(r);
  client.hello(R"({"other": 1})");
  EXPECT_EQ(error_of([&] { client.welcome(); }), "refused: the models differ");
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 0; }));
}

TEST(Server, ends_a_session_whose_request_makes_no_sense_and_no_other) {
  RunningServer r;
  Client first(r), second(r);
  first.send(rows_message(Kind::request, {1}, 17));
  EXPECT_EQ(error_of([&] { first.hear(); }), "refused: out of step: the client has 17 rows, the server 0");
  EXPECT_EQ(second.ask({1}, 0), answers_to({1}));
}

TEST(Server, asks_for_the_token_before_anything_is_told) {
  engine::ServerTerms terms;
  terms.admits = [](std::string_view token) { return token == "open sesame"; };
  RunningServer r(terms);
  for (const char* body : {R"({"other": 1})", R"({"token": "", "other": 1})", R"({"token": "open"})"}) {
    HandClient client(r);
    client.hello(body);
    EXPECT_EQ(error_of([&] { client.welcome(); }), "refused: the token is missing or wrong");
  }
  HandClient client(r);
  client.hello(R"({"token": "open sesame"})");
  client.welcome();
  for (const std::string& line : r.watch.all(r.watch.lines))
    EXPECT_EQ(line.find("sesame"), std::string::npos);
}

TEST(Server, measures_the_path_for_a_probe_and_nothing_else) {
  RunningServer r;
  HandClient probe(r);
  probe.hello(R"({"probe": 1})");
  probe.welcome();
  Message m = rows_message(Kind::measure, Rows(1000), 70'000, 3);
  probe.send(m);
  const Message measured = probe.hear();
  EXPECT_EQ(measured.header.kind, Kind::measured);
  EXPECT_EQ(measured.header.seq, 3u);
  EXPECT_EQ(measured.payload.size(), 70'000u);
  EXPECT_EQ(r.served.sessions, 0);
  m.header.context = (4u << 20) + 1;
  probe.send(m);
  EXPECT_EQ(error_of([&] { probe.hear(); }), "refused: a probe may ask for no more");
}

}  // namespace
}  // namespace splitwan::tests
