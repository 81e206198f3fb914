// Seats: who gets one, and who loses it.
#include "engine/serve/admission.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace splitwan::engine {
namespace {

using namespace std::chrono_literals;

constexpr Nanos now = 1h;

TEST(Admission, of_one_source_too_many_strangers_refuses_the_newest) {
  Admission a({.strangers = 10, .per_source_strangers = 2});
  EXPECT_FALSE(a.connects(1, "x", now).refusal);
  EXPECT_FALSE(a.connects(2, "x", now).refusal);
  EXPECT_EQ(a.connects(3, "x", now).refusal, Refusal::strangers);
  EXPECT_FALSE(a.connects(4, "y", now).refusal);
  EXPECT_EQ(a.strangers(), 3);
}

TEST(Admission, drops_one_that_had_its_chance_for_one_that_comes) {
  Admission a({.strangers = 10, .per_source_strangers = 2, .courtesy = 3s});
  a.connects(1, "x", now);
  a.connects(2, "x", now + 2s);
  const auto verdict = a.connects(3, "x", now + 4s);
  EXPECT_FALSE(verdict.refusal);
  EXPECT_EQ(verdict.drop, 1u);
  EXPECT_EQ(a.strangers(), 2);
}

TEST(Admission, where_all_seats_are_taken_the_fullest_source_loses_its_newest) {
  Admission a({.strangers = 5, .per_source_strangers = 4});
  for (Admission::Id id = 1; id <= 4; ++id) a.connects(id, "flood", now);
  a.connects(5, "other", now);
  const auto verdict = a.connects(6, "somebody", now);
  EXPECT_FALSE(verdict.refusal);
  EXPECT_EQ(verdict.drop, 4u);
  EXPECT_EQ(a.connects(7, "flood", now).refusal, Refusal::strangers);
  EXPECT_EQ(a.strangers(), 5);
}

TEST(Admission, counts_sessions_of_each_source_and_of_all) {
  Admission a({.sessions = 3, .per_source = 2});
  for (Admission::Id id = 1; id <= 3; ++id) a.connects(id, "x", now);
  for (Admission::Id id = 4; id <= 5; ++id) a.connects(id, "y", now);
  EXPECT_FALSE(a.begins(1));
  EXPECT_FALSE(a.begins(2));
  EXPECT_EQ(a.begins(3), Refusal::source);
  EXPECT_FALSE(a.begins(4));
  EXPECT_EQ(a.begins(5), Refusal::sessions);
  a.leaves(1);
  EXPECT_FALSE(a.begins(5));
  EXPECT_EQ(a.sessions(), 3);
  EXPECT_EQ(a.strangers(), 1);
}

TEST(Admission, a_session_that_is_over_takes_a_strangers_seat_until_its_connection_closes) {
  Admission a({.per_source_strangers = 2});
  for (Admission::Id id = 1; id <= 2; ++id) {
    a.connects(id, "x", now);
    a.begins(id);
    a.parts(id);
  }
  EXPECT_EQ(a.sessions(), 0);
  EXPECT_EQ(a.connects(3, "x", now).refusal, Refusal::strangers);
  a.leaves(1);
  EXPECT_FALSE(a.connects(4, "x", now).refusal);
}

TEST(Admission, names_a_source_that_has_more_as_the_one_to_make_room) {
  Admission a({});
  for (Admission::Id id = 1; id <= 3; ++id) {
    a.connects(id, id < 3 ? "many" : "one", now);
    a.begins(id);
  }
  EXPECT_EQ(a.crowding("none"), "many");
  EXPECT_FALSE(a.crowding("one"));
  EXPECT_FALSE(a.crowding("many"));
}

TEST(Admission, forgets_all_who_have_left) {
  Admission a({.strangers = 1000, .per_source_strangers = 1000});
  for (Admission::Id id = 1; id <= 500; ++id) {
    a.connects(id, std::to_string(id % 7), now);
    if (id % 3) a.begins(id);
  }
  for (Admission::Id id = 1; id <= 500; ++id) a.leaves(id);
  EXPECT_EQ(a.strangers(), 0);
  EXPECT_EQ(a.sessions(), 0);
  EXPECT_FALSE(a.crowding("8"));
}

TEST(Source, is_a_subscriber) {
  EXPECT_EQ(source_of("127.0.0.1"), "loopback");
  EXPECT_EQ(source_of("127.3.2.1"), "loopback");
  EXPECT_EQ(source_of("[::1]"), "loopback");
  EXPECT_EQ(source_of("[::ffff:127.0.0.1]"), "loopback");
  EXPECT_EQ(source_of("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(source_of("[::ffff:192.0.2.7]"), "192.0.2.7");
  EXPECT_EQ(source_of("[2001:db8:1:2:3:4:5:6]"), source_of("[2001:db8:1:2::7]"));
  EXPECT_NE(source_of("[2001:db8:1:3::7]"), source_of("[2001:db8:1:2::7]"));
  EXPECT_EQ(source_of("uid 1000"), "uid 1000");
}

}  // namespace
}  // namespace splitwan::engine
