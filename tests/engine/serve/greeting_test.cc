// Hellos: what is read of them, and what is not believed.
#include "engine/serve/greeting.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/wire/text_message.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

Greeting read(const std::string& body) { return read_greeting(text_message(Kind::hello, body)); }
std::string refusal(const std::string& body) {
  return tests::error_of([&] { read(body); });
}

TEST(Greeting, of_a_plain_client_asks_for_nothing) {
  const Greeting g = read(R"({"geometry": {"layers": 4}})");
  EXPECT_EQ(g.key, "");
  EXPECT_FALSE(g.resumes);
  EXPECT_FALSE(g.probe);
  EXPECT_EQ(text_in(g.hello), R"({"geometry": {"layers": 4}})");
}

TEST(Greeting, hides_the_token_from_all_that_follows) {
  const Greeting g = read(R"({"wire": "f32", "token": "open sesame"})");
  EXPECT_EQ(g.token, "open sesame");
  EXPECT_EQ(text_in(g.hello), R"({"wire":"f32"})");
}

TEST(Greeting, of_a_client_that_is_back_says_what_it_has) {
  const Greeting g = read(
      R"({"session": {"key": "0123456789abcdef0123456789abcdef", "received": 7, "first": 8, "in_flight": 3}})");
  EXPECT_TRUE(g.resumes);
  EXPECT_EQ(g.received, 7u);
  EXPECT_EQ(g.first, 8u);
  EXPECT_EQ(g.in_flight, 3u);
}

TEST(Greeting, that_is_none_is_refused_in_one_line) {
  const std::string key = R"("key": "0123456789abcdef0123456789abcdef")";
  EXPECT_EQ(refusal("hello"), "malformed hello: expected a JSON object");
  EXPECT_EQ(refusal("[]"), "malformed hello: expected a JSON object");
  EXPECT_EQ(refusal(std::string(20'000, '[')), "malformed hello: nested too deeply");
  EXPECT_EQ(refusal(R"({"session": 5})"), "malformed hello: session: key: expected 32 hex digits");
  EXPECT_EQ(refusal(R"({"session": {"key": "0123"}})"),
            "malformed hello: session: key: expected 32 hex digits");
  EXPECT_EQ(refusal("{\"session\": {" + key + R"(, "received": -1}})"),
            "malformed hello: session: received: expected a number");
  EXPECT_EQ(refusal("{\"session\": {" + key + R"(, "received": 1, "first": 4294967296}})"),
            "malformed hello: session: first: expected a number");
  EXPECT_EQ(refusal("{\"session\": {" + key + R"(, "received": 1, "first": 1}})"),
            "malformed hello: session: in_flight: expected a number");
  EXPECT_EQ(refusal(R"({"token": ["a"]})"), "malformed hello: token: expected a string");
  EXPECT_EQ(tests::error_of([&] { read_greeting(text_message(Kind::bye)); }),
            "'bye' came where a hello was expected");
}

}  // namespace
}  // namespace splitwan::engine
