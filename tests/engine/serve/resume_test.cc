// A connection breaks; its client comes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/fixtures/fixtures.hh"
#include "tests/fixtures/served_fixture.hh"

namespace splitwan::tests {
namespace {

using testing::ElementsAre;

const std::string key(32, 'a');
const std::string fresh = R"({"session": {"key": ")" + key + "\"}}";
std::string back(int received, int first, int in_flight, const std::string& of = key) {
  return fmt::format(R"({{"session": {{"key": "{}", "received": {}, "first": {}, "in_flight": {}}}}})", of,
                     received, first, in_flight);
}
constexpr auto warm = R"({"session":{"resumed":"warm"}})", cold = R"({"session":{"resumed":"cold"}})";

Message numbered(const Rows& rows, std::uint32_t context, std::uint32_t seq, std::uint32_t ack = 0) {
  return rows_message(Kind::request, rows, context, seq, ack);
}

TEST(Resume, is_offered_to_a_client_with_a_key_and_to_no_other) {
  RunningServer r;
  HandClient keyed(r), plain(r);
  keyed.hello(fresh);
  plain.hello();
  EXPECT_EQ(keyed.welcome(), R"({"session":{"resumable":true}})");
  EXPECT_EQ(plain.welcome(), "");
}

TEST(Resume, goes_on_where_it_was_and_takes_a_repeated_step_once) {
  RunningServer r;
  std::optional<HandClient> client(std::in_place, r);
  client->hello(fresh);
  client->welcome();
  EXPECT_EQ(client->ask({1, 2}, 0, 1), answers_to({1, 2}));
  client->send(numbered({3}, 2, 2));
  EXPECT_TRUE(comes_true([&] { return r.served.rows == 3; }));
  client.reset();  // before it has read the answer
  EXPECT_TRUE(comes_true([&] { return r.server.state().idle == 1; }));

  HandClient again(r);
  again.hello(back(1, 2, 1));
  again.send(numbered({3}, 2, 2));
  EXPECT_EQ(again.welcome(), warm);
  const Message reply = again.hear();
  EXPECT_EQ(reply.header.seq, 2u);
  EXPECT_EQ(rows_of(reply)[0], answers_to({1, 2, 3})[2]);
  EXPECT_EQ(r.served.rows, 3);  // not computed again
  EXPECT_EQ(again.ask({4}, 3, 3)[0], answers_to({1, 2, 3, 4})[3]);
  EXPECT_THAT(r.watch.all(r.watch.resumes), ElementsAre("warm"));
}

TEST(Resume, takes_the_session_over_from_a_connection_that_seems_alive) {
  RunningServer r;
  HandClient before(r);
  before.hello(fresh);
  before.welcome();
  before.ask({1}, 0, 1);
  HandClient after(r);
  after.hello(back(1, 2, 1));
  after.send(numbered({2}, 1, 2));
  EXPECT_EQ(after.welcome(), warm);
  EXPECT_EQ(rows_of(after.hear())[0], answers_to({1, 2})[1]);
  EXPECT_THAT(error_of([&] { before.hear(); }), testing::HasSubstr("connection lost"));
  EXPECT_EQ(r.server.state().sessions, 1);
}

TEST(Resume, hands_the_answer_under_way_to_the_new_connection) {
  FakeServed slow;
  slow.per_call = 300ms;
  RunningServer r({}, &slow);
  std::optional<HandClient> client(std::in_place, r);
  client->hello(fresh);
  client->welcome();
  client->send(numbered({1}, 0, 1));
  EXPECT_TRUE(comes_true([&] { return slow.calls == 1; }));
  client.reset();
  HandClient again(r);
  again.hello(back(0, 1, 1));
  again.send(numbered({1}, 0, 1));
  EXPECT_EQ(again.welcome(), warm);
  EXPECT_EQ(rows_of(again.hear()), answers_to({1}));
  EXPECT_EQ(slow.calls, 1);
}

TEST(Resume, says_nothing_that_overtakes_what_was_lost) {
  FakeServed slow;
  slow.gated = true;
  RunningServer r({}, &slow);
  std::optional<HandClient> client(std::in_place, r);
  client->hello(fresh);
  client->welcome();
  for (const std::uint32_t i : {0, 1}) client->send(numbered({i}, i, i + 1));
  slow.permits.release();
  const std::uint64_t one = engine::wire_size(numbered({1}, 1, 2));  // the first is answered, to nobody
  EXPECT_TRUE(comes_true([&] { return slow.rows == 1 && r.server.state().queued_bytes == one; }));
  client.reset();
  HandClient again(r);
  again.hello(back(0, 1, 2));
  EXPECT_EQ(again.welcome(), warm);
  slow.permits.release();
  EXPECT_TRUE(comes_true([&] { return r.server.state().queued_bytes == 0; }));
  for (const std::uint32_t i : {0, 1}) again.send(numbered({i}, i, i + 1));
  for (const std::uint32_t i : {1, 2}) EXPECT_EQ(again.hear().header.seq, i);
  EXPECT_EQ(slow.calls, 2);
}

TEST(Resume, drops_what_waits_of_a_client_that_left_and_takes_it_when_it_comes_again) {
  FakeServed slow;
  slow.per_call = 200ms;
  RunningServer r({}, &slow);
  std::optional<HandClient> client(std::in_place, r);
  client->hello(fresh);
  client->welcome();
  for (std::uint32_t i = 0; i < 10; ++i) client->send(numbered({i}, i, i + 1));
  EXPECT_TRUE(comes_true([&] { return slow.calls == 1; }));
  client.reset();
  EXPECT_TRUE(comes_true([&] { return r.server.state().idle == 1; }));
  std::this_thread::sleep_for(500ms);
  EXPECT_LE(slow.calls, 2);
  HandClient again(r);
  again.hello(back(0, 1, 10));
  for (std::uint32_t i = 0; i < 10; ++i) again.send(numbered({i}, i, i + 1));
  EXPECT_EQ(again.welcome(), warm);
  const Rows expected = answers_to({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(rows_of(again.hear())[0], expected[i]);
  EXPECT_EQ(slow.rows, 10);
}

// What a client does whose server has forgotten: its messages in flight count for nothing, it feeds the rows
// again, and repeats what was not answered.
void feed_again(HandClient& client) {
  client.hello(back(2, 3, 1));
  client.send(numbered({3}, 2, 3));
  EXPECT_EQ(client.welcome(), cold);
  client.send(rows_message(Kind::feed, {1}, 0));
  client.send(rows_message(Kind::feed, {2}, 1));
  client.send(numbered({3}, 2, 3));
  EXPECT_EQ(rows_of(client.hear())[0], answers_to({1, 2, 3})[2]);
  EXPECT_EQ(client.ask({4}, 3, 4)[0], answers_to({1, 2, 3, 4})[3]);
}

TEST(Resume, by_a_server_that_has_forgotten_begins_anew_from_what_it_is_fed) {
  RunningServer restarted;
  HandClient client(restarted);
  feed_again(client);
  EXPECT_THAT(restarted.watch.all(restarted.watch.resumes), ElementsAre("cold"));
}

TEST(Resume, in_the_middle_of_being_fed_begins_anew_again) {
  RunningServer r;
  std::optional<HandClient> client(std::in_place, r);
  client->hello(back(2, 3, 0));
  EXPECT_EQ(client->welcome(), cold);
  client->send(rows_message(Kind::feed, {1}, 0));
  EXPECT_TRUE(comes_true([&] { return r.served.rows == 1; }));
  client.reset();
  HandClient again(r);
  feed_again(again);
  EXPECT_TRUE(comes_true([&] { return r.served.sessions == 1; }));
}

TEST(Resume, after_the_cache_made_room_for_others_is_cold) {
  FakeServed large;
  large.cache_bytes_per_row = 1 << 20;
  engine::ServerTerms terms;
  terms.memory = 5 << 20;
  RunningServer r(terms, &large);
  HandClient first(r);
  first.hello(fresh);
  first.welcome();
  first.ask({1, 2}, 0, 1);
  HandClient other(r);
  other.hello();
  other.welcome();
  other.ask({1, 2, 3, 4}, 0);
  EXPECT_TRUE(comes_true([&] { return r.served.sessions == 1; }));
  EXPECT_EQ(other.ask({5}, 4)[0], answers_to({1, 2, 3, 4, 5})[4]);  // 5 MiB: all of it
  first.send(numbered({3}, 2, 2));  // its connection ends: it has to come back
  EXPECT_THAT(error_of([&] { first.hear(); }), testing::HasSubstr("connection lost"));
  other.send(engine::text_message(Kind::bye));
  EXPECT_TRUE(comes_true([&] { return r.served.sessions == 0; }));
  HandClient again(r);
  again.hello(back(1, 2, 1));
  again.send(numbered({3}, 2, 2));
  EXPECT_EQ(again.welcome(), cold);
}

TEST(Resume, is_over_when_its_client_stays_away_for_too_long) {
  engine::ServerTerms terms;
  terms.keep = 150ms;
  RunningServer r(terms);
  {
    HandClient client(r);
    client.hello(fresh);
    client.welcome();
    client.ask({1}, 0, 1);
  }
  EXPECT_TRUE(comes_true([&] { return r.watch.all(r.watch.endings).size() == 1; }));
  EXPECT_TRUE(comes_true([&] { return r.server.state().idle == 0 && r.served.sessions == 0; }));
  EXPECT_THAT(r.watch.all(r.watch.endings), ElementsAre("expired"));
}

TEST(Resume, of_a_client_at_rest_costs_it_its_connection_only) {
  engine::ServerTerms terms;
  terms.idle = 150ms;
  RunningServer r(terms);
  HandClient client(r);
  client.hello(fresh);
  client.welcome();
  client.ask({1}, 0, 1);
  EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 0 && r.server.state().idle == 1; }));
  HandClient again(r);
  again.hello(back(1, 2, 0));
  EXPECT_EQ(again.welcome(), warm);
  EXPECT_EQ(again.ask({2}, 1, 2)[0], answers_to({1, 2})[1]);
}

std::string new_key(int number) { return fmt::format(R"({{"session": {{"key": "{:032x}"}}}})", number); }

TEST(Resume, of_a_client_that_asked_nothing_keeps_nothing) {
  RunningServer r;
  for (int i = 0; i < 20; ++i) {
    HandClient client(r);
    client.hello(new_key(i));
    client.welcome();
  }
  EXPECT_TRUE(comes_true([&] { return r.watch.all(r.watch.endings).size() == 20; }));
  EXPECT_EQ(r.server.state().idle, 0);
}

TEST(Resume, is_kept_for_no_more_clients_than_may_be_there) {
  engine::ServerTerms terms;
  terms.seats.per_source = 3;
  RunningServer r(terms);
  for (int i = 0; i < 8; ++i) {
    HandClient client(r);
    client.hello(new_key(i));
    client.welcome();
    client.ask({1}, 0, 1);
    EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 1; }));
    client.transport.drop(1);
    EXPECT_TRUE(comes_true([&] { return r.server.state().sessions == 0; }));
  }
  EXPECT_TRUE(comes_true([&] { return r.server.state().idle == 3; }));
  HandClient last(r), first(r);
  last.hello(back(1, 2, 0, fmt::format("{:032x}", 7)));
  EXPECT_EQ(last.welcome(), warm);
  first.hello(back(1, 2, 0, fmt::format("{:032x}", 0)));
  EXPECT_EQ(first.welcome(), cold);
}

TEST(Resume, with_a_message_missing_is_refused) {
  RunningServer r;
  HandClient client(r);
  client.hello(fresh);
  client.welcome();
  client.send(numbered({1}, 0, 2));
  EXPECT_EQ(error_of([&] { client.hear(); }), "refused: message 2 came after 0");
}

TEST(Resume, by_a_client_that_keeps_no_account_of_replies_is_cold_once_they_are_too_many) {
  engine::ServerTerms terms;
  terms.kept_replies = 200;  // two of one row
  RunningServer r(terms);
  std::optional<HandClient> client(std::in_place, r);
  client->hello(fresh);
  client->welcome();
  for (std::uint32_t i = 0; i < 4; ++i) client->ask({i}, i, i + 1);
  client.reset();
  HandClient again(r);
  again.hello(back(1, 2, 0));
  EXPECT_EQ(again.welcome(), cold);
}

TEST(Resume, with_a_made_up_key_finds_nothing) {
  RunningServer r;
  HandClient client(r), thief(r), rude(r);
  client.hello(fresh);
  client.welcome();
  client.ask({1}, 0, 1);
  thief.hello(back(1, 2, 0, std::string(32, 'b')));
  EXPECT_EQ(thief.welcome(), cold);
  rude.hello(back(1, 2, 0, "../../etc/passwd"));
  EXPECT_EQ(error_of([&] { rude.welcome(); }),
            "refused: malformed hello: session: key: expected 32 hex digits");
  EXPECT_EQ(client.ask({2}, 1, 2)[0], answers_to({1, 2})[1]);
}

}  // namespace
}  // namespace splitwan::tests
