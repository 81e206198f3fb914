// Numbered messages: none lost, none taken twice.
#include "engine/serve/exchange.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace splitwan::engine {
namespace {

using Next = Exchange::Next;

Message reply(std::uint32_t seq, std::size_t bytes = 36) {  // 100 on the wire
  Message m;
  m.header.kind = Kind::reply;
  m.header.seq = seq;
  m.payload.resize(bytes);
  return m;
}

TEST(Exchange, takes_each_number_once_and_in_turn) {
  Exchange e(1000);
  EXPECT_EQ(e.takes(1), Next::work);
  EXPECT_EQ(e.takes(2), Next::work);
  EXPECT_EQ(e.takes(2), Next::known);
  EXPECT_EQ(e.takes(4), Next::missing);
  EXPECT_EQ(e.takes(3), Next::work);
  EXPECT_EQ(e.takes(0), Next::work);  // of a client that does not count
  EXPECT_EQ(e.taken(), 3u);
}

TEST(Exchange, says_again_what_was_answered_until_it_is_acknowledged) {
  Exchange e(1000);
  for (const std::uint32_t i : {1, 2, 3}) {
    e.takes(i);
    e.keep(reply(i));
  }
  EXPECT_EQ(e.bytes(), 300u);
  EXPECT_EQ(e.takes(2), Next::again);
  EXPECT_EQ(e.kept(2)->header.seq, 2u);
  e.acknowledged(2);
  EXPECT_EQ(e.bytes(), 100u);
  EXPECT_EQ(e.takes(2), Next::known);
  EXPECT_TRUE(e.continues(2, 3));
  e.acknowledged(1);  // late: nothing
  EXPECT_EQ(e.bytes(), 100u);
}

TEST(Exchange, lets_no_reply_overtake_those_that_a_client_that_is_back_lacks) {
  Exchange e(1000);
  for (const std::uint32_t i : {1, 2, 3}) e.takes(i);
  EXPECT_TRUE(e.due(3));
  e.is_back(1);
  EXPECT_FALSE(e.due(2));
  e.takes(2);
  EXPECT_TRUE(e.due(2));
  EXPECT_FALSE(e.due(3));
  EXPECT_EQ(e.takes(3), Next::known);
  EXPECT_TRUE(e.due(3));
}

TEST(Exchange, says_so_when_an_answer_is_asked_for_again_that_made_room_for_others) {
  Exchange e(150);
  for (const std::uint32_t i : {1, 2}) {
    e.takes(i);
    e.keep(reply(i));
  }
  EXPECT_EQ(e.takes(1), Next::lost);
  EXPECT_EQ(e.takes(2), Next::again);
}

TEST(Exchange, goes_on_only_with_all_that_its_client_lacks) {
  Exchange e(250);
  for (const std::uint32_t i : {1, 2, 3}) {
    e.takes(i);
    e.keep(reply(i));
  }
  EXPECT_EQ(e.bytes(), 200u);       // the first made room
  EXPECT_FALSE(e.continues(0, 1));  // and would be missing
  EXPECT_TRUE(e.continues(1, 2));
  EXPECT_TRUE(e.continues(3, 4));
  EXPECT_FALSE(e.continues(3, 5));  // 4 has been lost
  EXPECT_FALSE(e.continues(4, 5));  // of another life
}

TEST(Exchange, takes_again_what_was_dropped) {
  Exchange e(1000);
  for (const std::uint32_t i : {1, 2, 3, 4}) e.takes(i);
  e.take_back(2);
  EXPECT_TRUE(e.continues(0, 1));
  EXPECT_EQ(e.takes(2), Next::known);
  EXPECT_EQ(e.takes(3), Next::work);
  EXPECT_EQ(e.takes(4), Next::work);
}

TEST(Exchange, begun_anew_ignores_what_was_on_its_way_and_counts_on_from_anywhere) {
  Exchange e(1000);
  e.takes(1);
  e.begins_anew(2);
  EXPECT_FALSE(e.continues(0, 1));
  EXPECT_EQ(e.takes(7), Next::ignored);
  EXPECT_EQ(e.takes(8), Next::ignored);
  EXPECT_EQ(e.takes(0), Next::work);  // feeds
  EXPECT_FALSE(e.continues(6, 7));    // fed, but nobody knows how far
  EXPECT_EQ(e.takes(7), Next::work);
  EXPECT_EQ(e.takes(9), Next::missing);
  EXPECT_TRUE(e.continues(6, 7));
  EXPECT_FALSE(e.continues(5, 7));  // a reply of the life before
}

TEST(Exchange, keeps_nothing_where_nothing_may_be_kept) {
  Exchange e;
  e.takes(1);
  e.keep(reply(1));
  EXPECT_EQ(e.bytes(), 0u);
  EXPECT_FALSE(e.continues(0, 1));
}

}  // namespace
}  // namespace splitwan::engine
