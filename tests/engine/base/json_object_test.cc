// Objects with very many keys: they keep their order, and no key is compared with all others.
#include "engine/base/json_object.hh"

#include <gmock/gmock.h>

#include <set>

#include "engine/base/json_file.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

std::size_t compared = 0;

struct CountedKey {
  explicit CountedKey(std::string_view text) : text(text) {}
  operator std::string_view() const { return text; }
  friend bool operator==(const CountedKey& a, std::string_view b) {
    ++compared;
    return a.text == b;
  }
  std::string text;
};

TEST(JsonObject, compares_a_key_with_a_few_others_however_many_there_are) {
  for (const std::size_t keys : {20u, 2'000u, 200'000u}) {
    JsonObject<CountedKey, int> object;
    compared = 0;
    for (std::size_t i = 0; i < keys; ++i) object.emplace(CountedKey(std::to_string(i)), static_cast<int>(i));
    EXPECT_LE(compared, 40 * keys) << "added";
    compared = 0;
    for (std::size_t i = 0; i < keys; ++i)
      ASSERT_EQ(object.find(CountedKey(std::to_string(i)))->second, static_cast<int>(i));
    EXPECT_LE(compared, 40 * keys) << "found";
    EXPECT_EQ(object.count(CountedKey("absent")), 0u);
  }
}

TEST(JsonObject, hashes_keys_in_no_order_that_a_file_can_foresee) {
  EXPECT_EQ(hash_of_key("wide"), hash_of_key(std::string("wide")));
  std::set<std::uint64_t> hashes;
  for (int i = 0; i < 100'000; ++i) hashes.insert(hash_of_key("k" + std::to_string(i)) >> 16);
  EXPECT_GT(hashes.size(), 99'990u);
}

std::string object_text(int keys) {
  std::string text = "{";
  for (int i = 0; i < keys; ++i) text += fmt::format("{}\"k{}\":[{},{{\"a\":2}}]", i ? "," : "", i, i);
  return text + "}";
}

TEST(JsonObject, is_written_as_it_was_read) {
  for (const int keys : {0, 1, 16, 17, 64, 5000}) {
    const Json json = Json::parse(object_text(keys));
    EXPECT_EQ(json.dump(), object_text(keys));
    EXPECT_EQ(json.size(), static_cast<std::size_t>(keys));
  }
}

TEST(JsonObject, finds_what_is_there_after_every_change) {
  Json json = Json::parse(object_text(300));
  for (int i = 0; i < 300; i += 3) json.erase("k" + std::to_string(i));
  json["k1"] = "new";
  const Json copy = json;
  Json moved = std::move(json);
  moved["last"] = 1;
  for (const Json& one : {copy, moved})
    for (int i = 0; i < 300; ++i) EXPECT_EQ(one.contains("k" + std::to_string(i)), i % 3 != 0) << i;
  EXPECT_EQ(copy["k1"], "new");
  EXPECT_EQ(copy.begin().key(), "k1");
  EXPECT_EQ(std::prev(moved.end()).key(), "last");
  EXPECT_NE(copy, moved);
  moved.erase("last");
  EXPECT_EQ(copy, moved);
  moved.clear();
  EXPECT_FALSE(moved.contains("k1"));
}

TEST(JsonObject, of_a_key_that_stands_twice_has_the_last_value_in_the_first_place) {
  std::string text = object_text(40);
  text.insert(text.size() - 1, ",\"k3\":7");
  const Json json = Json::parse(text);
  EXPECT_EQ(json.size(), 40u);
  EXPECT_EQ(std::next(json.begin(), 3).value(), 7);
}

TEST(JsonObject, is_made_of_other_kinds_of_objects) {
  nlohmann::json sorted;
  for (int i = 0; i < 50; ++i) sorted["k" + std::to_string(i)] = i;
  const Json json = sorted;
  Json more = {{"k7", "mine"}};
  more.update(json);
  EXPECT_EQ(json["k49"], 49);
  EXPECT_EQ(more.size(), 50u);
  EXPECT_EQ(more["k7"], 7);
}

}  // namespace
}  // namespace splitwan::engine
