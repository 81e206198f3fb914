// A client whose connection breaks at any byte, or whose server goes away: the answers are those of an
// unbroken run.
#include "engine/resume/resuming_transport.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fixtures/cutting_relay.hh"
#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace splitwan::tests {
namespace {

using engine::Arrival, engine::Endpoint, engine::Outage, engine::ResumeTerms, engine::ResumingTransport;
using testing::HasSubstr;

constexpr engine::PartyId server = 1;

ResumeTerms terms_to(const Endpoint& to) {
  ResumeTerms terms;
  terms.servers = {to};
  terms.patience = 300ms;
  terms.max_outage = 20s;
  return terms;
}

// A session of a prompt in chunks that do not wait for each other, then step after step.
struct Session {
  Session(const ResumeTerms& terms) : transport(clock, server, terms) {}

  Rows run(int steps, const std::function<void(int)>& before = {}) {
    transport.send(server, engine::text_message(Kind::hello, "{}"));
    Rows answers, sent;
    for (std::uint32_t chunk = 0; chunk < 3; ++chunk) ask({10 * chunk, 10 * chunk + 1}, sent);
    if (hear().header.kind != Kind::welcome) throw engine::Error("not welcomed");
    for (int chunk = 0; chunk < 3; ++chunk) take(answers);
    for (int i = 0; i < steps; ++i) {
      if (before) before(i);
      ask({static_cast<std::uint32_t>(1000 + i)}, sent);
      take(answers);
      if (i % 3 == 1) {  // a check has no rows, and comes between steps
        transport.send(server, rows_message(Kind::check, {}, static_cast<std::uint32_t>(sent.size())));
        take(answers);
      }
    }
    transport.send(server, engine::text_message(Kind::bye, ""));
    expected = answers_to(sent);
    return answers;
  }
  void ask(const Rows& rows, Rows& sent) {
    transport.send(server, rows_message(Kind::request, rows, static_cast<std::uint32_t>(sent.size())));
    sent.insert(sent.end(), rows.begin(), rows.end());
  }
  Message hear() {
    auto arrival = transport.recv(server, clock.now() + 30s);
    if (!arrival) throw engine::Error("no answer");
    outages.insert(outages.end(), arrival->outages.begin(), arrival->outages.end());
    if (arrival->message.header.kind == Kind::error)
      throw engine::Error("refused: {}", engine::text_in(arrival->message));
    return std::move(arrival->message);
  }
  void take(Rows& answers) {
    const Rows more = rows_of(hear());
    answers.insert(answers.end(), more.begin(), more.end());
  }

  engine::WallClock clock;
  ResumingTransport transport;
  std::vector<Outage> outages;
  Rows expected;
};

TEST(Resuming, an_unbroken_session_is_as_any_other) {
  RunningServer r;
  Session session(terms_to(r.server.address()));
  EXPECT_EQ(session.run(10), session.expected);
  EXPECT_TRUE(session.outages.empty());
}

TEST(Resuming, gives_the_same_answers_wherever_the_connection_breaks) {
  int cuts = 0;
  for (const How how : {How::reset, How::end, How::half_open, How::blackhole}) {
    RunningServer r;
    const int step = how == How::reset || how == How::end ? 37 : 211;  // the others wait for patience to end
    for (std::uint64_t at = 1; at < 1300; at += static_cast<std::uint64_t>(step)) {
      CuttingRelay relay(r.server.address(), [&](int n) { return n == 0 ? Cut{how, at} : Cut{}; });
      Session session(terms_to(relay.address()));
      EXPECT_EQ(session.run(4), session.expected) << name_of(how) << " after " << at;
      EXPECT_EQ(session.outages.size(), static_cast<std::size_t>(relay.cuts()))
          << name_of(how) << " after " << at;
      cuts += relay.cuts();
    }
  }
  std::printf("survived %d cuts\n", cuts);
  EXPECT_GT(cuts, 60);
}

TEST(Resuming, survives_cut_after_cut) {
  RunningServer r;
  CuttingRelay relay(r.server.address(), [](int n) {
    return n < 8 ? Cut{How::reset, 500u + 40u * static_cast<unsigned>(n)} : Cut{};
  });
  Session session(terms_to(relay.address()));
  EXPECT_EQ(session.run(30), session.expected);
  EXPECT_EQ(relay.cuts(), 8);
  std::uint32_t attempts = 0;
  for (const Outage& o : session.outages) attempts += o.attempts;
  EXPECT_EQ(attempts, 8u);
}

TEST(Resuming, of_a_warm_session_computes_no_row_twice) {
  RunningServer r;
  CuttingRelay relay(r.server.address(), [](int n) { return n == 0 ? Cut{How::reset, 1200} : Cut{}; });
  Session session(terms_to(relay.address()));
  EXPECT_EQ(session.run(10), session.expected);
  ASSERT_EQ(session.outages.size(), 1u);
  EXPECT_FALSE(session.outages[0].cold);
  EXPECT_EQ(session.outages[0].rows_fed, 0u);
  EXPECT_EQ(r.served.rows, 16);
}

TEST(Resuming, fills_the_cache_of_a_server_that_has_lost_it) {
  auto first = std::make_unique<RunningServer>();
  RunningServer second;
  CuttingRelay relay(first->server.address(), [](int) { return Cut{}; });
  Session session(terms_to(relay.address()));
  const Rows answers = session.run(12, [&](int step) {
    if (step != 5) return;
    relay.lead_to(second.server.address());
    first.reset();
  });
  EXPECT_EQ(answers, session.expected);
  ASSERT_EQ(session.outages.size(), 1u);
  EXPECT_TRUE(session.outages[0].cold);
  EXPECT_EQ(session.outages[0].rows_fed, 11u);
  EXPECT_EQ(second.served.rows, 11 + 7);
}

TEST(Resuming, tries_the_servers_in_turn) {
  auto first = std::make_unique<RunningServer>();
  RunningServer second;
  ResumeTerms terms = terms_to(first->server.address());
  terms.servers.push_back(second.server.address());
  Session session(terms);
  EXPECT_EQ(session.run(6,
                        [&](int step) {
                          if (step == 3) first.reset();
                        }),
            session.expected);
  EXPECT_EQ(session.outages.size(), 1u);
}

// From the loss on: the handshake of TCP is not seen by the relay.
TEST(Resuming, reaches_the_answer_to_the_repeated_step_in_one_round_trip_behind_the_handshake) {
  RunningServer r;
  std::atomic<int> flights = 0;
  CuttingRelay relay(r.server.address(), [](int n) { return n == 0 ? Cut{How::reset, 1200} : Cut{}; });
  ResumeTerms terms = terms_to(relay.address());
  terms.channel.probes = engine::Probes::answered;  // a ping would be one flight more
  Session session(terms);
  const Rows answers = session.run(8, [&](int) {
    if (session.outages.size() == 1 && flights == 0) flights = relay.flights();
  });
  EXPECT_EQ(answers, session.expected);
  ASSERT_EQ(session.outages.size(), 1u);
  EXPECT_EQ(flights, 2);  // hello and rows; welcome and answer
}

TEST(Resuming, says_why_and_gives_up_after_the_longest_outage) {
  auto r = std::make_unique<RunningServer>();
  ResumeTerms terms = terms_to(r->server.address());
  terms.max_outage = 400ms;
  std::vector<std::string> said;
  terms.say = [&](const std::string& line) { said.push_back(line); };
  Session session(terms);
  const std::string why = error_of([&] {
    session.run(6, [&](int step) {
      if (step == 3) r.reset();
    });
  });
  EXPECT_THAT(why, HasSubstr("not back within 0.4 s"));
  EXPECT_THAT(why, HasSubstr("cannot be reached"));
  ASSERT_EQ(said.size(), 1u);
  EXPECT_THAT(said[0], HasSubstr("trying again for up to 0.4 s"));
}

TEST(Resuming, that_gives_up_tells_of_the_outage) {
  auto r = std::make_unique<RunningServer>();
  ResumeTerms terms = terms_to(r->server.address());
  terms.max_outage = 400ms;
  Session session(terms);
  std::optional<Outage> outage;
  try {
    session.run(6, [&](int step) {
      if (step == 3) r.reset();
    });
  } catch (const engine::LostForGood& e) {
    outage = e.outage;
  }
  ASSERT_TRUE(outage);
  EXPECT_THAT(outage->why, HasSubstr("connection lost"));
  EXPECT_GE(outage->end - outage->begin, 400ms);
  EXPECT_GT(outage->attempts, 1u);
}

TEST(Resuming, tries_less_and_less_often_where_connections_are_taken_and_end_at_once) {
  RunningServer r;
  CuttingRelay relay(r.server.address(), [](int n) { return Cut{How::reset, n == 0 ? 1200u : 1u}; });
  ResumeTerms terms = terms_to(relay.address());
  terms.max_outage = 1500ms;
  Session session(terms);
  EXPECT_THAT(error_of([&] { session.run(10); }), HasSubstr("not back within 1.5 s"));
  EXPECT_LE(relay.connections(), 9);  // pauses of at least 25, 50, 100, 200, 400, 800 ms
}

TEST(Resuming, names_an_answer_out_of_turn) {
  engine::Listener listener({"127.0.0.1", 0});
  std::thread hasty([&] {
    engine::WallClock clock;
    engine::SocketTransport transport(clock);
    transport.add(0, "client", *listener.accept());
    transport.recv(0, clock.now() + 5s);
    transport.send(0, engine::text_message(Kind::welcome, R"({"session": {"resumable": true}})"));
    transport.recv(0, clock.now() + 5s);
    transport.send(0, rows_message(Kind::reply, {1}, 0, /*seq=*/2));
    error_of([&] { transport.recv(0, clock.now() + 5s); });
  });
  EXPECT_EQ(error_of([&] { Session(terms_to(listener.address())).run(1); }),
            "server: answered message 2: 1 was due");
  hasty.join();
}

TEST(Resuming, passes_over_a_server_whose_checks_would_compare_other_bits) {
  FakeServed one, other;
  one.instructions = "avx512";
  other.instructions = "avx2";
  auto first = std::make_unique<RunningServer>(engine::ServerTerms{}, &one);
  RunningServer second({}, &other), third({}, &one);
  ResumeTerms terms = terms_to(first->server.address());
  terms.servers.push_back(second.server.address());
  terms.servers.push_back(third.server.address());
  Session session(terms);
  EXPECT_EQ(session.run(6,
                        [&](int step) {
                          if (step == 3) first.reset();
                        }),
            session.expected);
  ASSERT_EQ(session.outages.size(), 1u);
  EXPECT_EQ(session.outages[0].attempts, 2u);
  EXPECT_EQ(other.rows, 0);
}

TEST(Resuming, where_no_other_server_is_there_says_what_differs) {
  FakeServed one, other;
  one.instructions = "avx512";
  other.instructions = "avx2";
  auto first = std::make_unique<RunningServer>(engine::ServerTerms{}, &one);
  RunningServer second({}, &other);
  CuttingRelay relay(first->server.address(), [](int) { return Cut{}; });
  ResumeTerms terms = terms_to(relay.address());
  terms.max_outage = 400ms;
  Session session(terms);
  EXPECT_THAT(error_of([&] {
                session.run(6, [&](int step) {
                  if (step != 3) return;
                  relay.lead_to(second.server.address());
                  first.reset();
                });
              }),
              HasSubstr("computes with other instructions than the server before"));
}

// What it sends again is its own, however much that is.
TEST(Resuming, fills_a_lost_cache_beyond_what_may_otherwise_be_queued) {
  auto first = std::make_unique<RunningServer>();
  RunningServer second;
  CuttingRelay relay(first->server.address(), [](int) { return Cut{}; });
  ResumeTerms terms = terms_to(relay.address());
  terms.channel.most_queued = 0;
  Session session(terms);
  const Rows answers = session.run(6, [&](int step) {
    if (step != 5) return;
    relay.lead_to(second.server.address());
    first.reset();
  });
  EXPECT_EQ(answers, session.expected);
}

TEST(Resuming, is_not_tried_where_it_is_not_asked_for) {
  auto r = std::make_unique<RunningServer>();
  ResumeTerms terms = terms_to(r->server.address());
  terms.max_outage = {};
  Session session(terms);
  EXPECT_THAT(error_of([&] {
                session.run(6, [&](int step) {
                  if (step == 3) r.reset();
                });
              }),
              HasSubstr("connection lost"));
}

TEST(Resuming, takes_a_refusal_for_one) {
  RunningServer r;
  Session session(terms_to(r.server.address()));
  session.transport.send(server, engine::text_message(Kind::hello, R"({"other": 1})"));
  EXPECT_THAT(error_of([&] { session.hear(); }), HasSubstr("refused: the models differ"));
}

}  // namespace
}  // namespace splitwan::tests
