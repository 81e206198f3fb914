// Which rows a server was told to keep, and what it needs to have them again.
#include "engine/resume/sent_rows.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre, testing::HasSubstr;

// Rows of two bytes each, the row's name twice.
Message request(const std::string& rows, std::uint32_t context, std::vector<std::int32_t> keep = {},
                std::uint8_t dtype = 1) {
  Message m;
  m.header.kind = Kind::request;
  m.header.dtype = dtype;
  m.header.width = 2;
  m.header.rows = static_cast<std::uint32_t>(rows.size());
  m.header.context = context;
  m.header.keep = std::move(keep);
  for (const char row : rows) m.payload.insert(m.payload.end(), 2, static_cast<std::byte>(row));
  return m;
}

std::string rows_of(const Message& m) {
  std::string rows;
  for (std::size_t i = 0; i < m.payload.size(); i += 2) rows += static_cast<char>(m.payload[i]);
  return rows;
}
std::string fed(const SentRows& rows, std::uint32_t count, std::uint32_t each = 128) {
  std::string all;
  rows.feed(count, each, [&](const Message& m) { all += rows_of(m) + "|"; });
  return all;
}

TEST(SentRows, are_those_that_later_requests_keep) {
  SentRows rows;
  rows.sent(request("abc", 0));
  rows.sent(request("defg", 3, {0, 1, 2}));  // a tree of which d and f were accepted
  rows.sent(request("h", 5, {0, 2}));
  EXPECT_EQ(rows.kept(), 5u);
  EXPECT_EQ(rows.bytes(), 10u);
  EXPECT_EQ(fed(rows, 5), "abcdf|");
  EXPECT_EQ(fed(rows, 3), "abc|");
}

TEST(SentRows, are_those_that_a_check_keeps) {
  SentRows rows;
  rows.sent(request("abc", 0));
  Message check;
  check.header.kind = Kind::check;
  check.header.context = 2;
  check.header.keep = {0, 2};
  rows.sent(check);
  EXPECT_EQ(fed(rows, 2), "ac|");
  rows.sent(request("de", 2));  // the check has said it all
  rows.sent(request("f", 3, {1}));
  EXPECT_EQ(fed(rows, 3), "ace|");
}

TEST(SentRows, know_padding_by_what_is_no_row) {
  SentRows rows;
  rows.sent(request("abxx", 0));
  rows.sent(request("cxxx", 2, {0, 1, no_row, no_row}));
  EXPECT_EQ(fed(rows, 2), "ab|");
}

TEST(SentRows, are_all_where_the_context_alone_says_so) {
  SentRows rows;
  rows.sent(request("abc", 0));
  rows.sent(request("d", 3));
  rows.sent(request("e", 4));
  EXPECT_EQ(fed(rows, 4), "abcd|");
}

TEST(SentRows, are_fed_in_chunks_of_rows_written_alike) {
  SentRows rows;
  rows.sent(request("abcde", 0, {}, 16));
  rows.sent(request("f", 5, {0, 1, 2, 3, 4}, 1));
  rows.sent(request("g", 6, {0}, 1));
  rows.sent(request("h", 7, {0}, 1));
  std::vector<Message> feeds;
  rows.feed(7, 3, [&](Message m) { feeds.push_back(std::move(m)); });
  ASSERT_EQ(feeds.size(), 3u);
  EXPECT_EQ(fed(rows, 7, 3), "abc|de|fg|");
  std::vector<std::uint32_t> contexts, types, counts;
  for (const Message& m : feeds) {
    EXPECT_EQ(m.header.kind, Kind::feed);
    contexts.push_back(m.header.context);
    types.push_back(m.header.dtype);
    counts.push_back(m.header.rows);
  }
  EXPECT_THAT(contexts, ElementsAre(0, 3, 5));
  EXPECT_THAT(types, ElementsAre(16, 16, 1));
  EXPECT_THAT(counts, ElementsAre(3, 2, 2));
}

TEST(SentRows, refuse_what_does_not_follow) {
  SentRows rows;
  rows.sent(request("ab", 0));
  EXPECT_THAT(tests::error_of([&] {
                rows.sent(request("c", 5, {0, 1}));
              }),
              HasSubstr("a context of 5 rows: 2"));
  SentRows others;
  others.sent(request("ab", 0));
  EXPECT_THAT(tests::error_of([&] { others.sent(request("c", 3, {0, 1, 2})); }), HasSubstr("row 2 to keep"));
}

TEST(SentRows, once_fed_leave_a_request_nothing_to_keep_but_its_length) {
  const Message m = without_keeps(request("c", 2, {0, 1}));
  EXPECT_THAT(m.header.keep, ElementsAre(no_row, no_row));
  EXPECT_EQ(rows_of(m), "c");
}

}  // namespace
}  // namespace splitwan::engine
