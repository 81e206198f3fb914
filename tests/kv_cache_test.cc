#include "engine/kv_cache.hh"

#include <gmock/gmock.h>

#include "tests/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;

// Writes `value` as the key of a row of the step in flight.
void put(KvCache& cache, int row, float value) { cache.k(0)[cache.committed() + row] = value; }

TEST(KvCache, keeps_an_arbitrary_path_and_forgets_the_rest) {
  KvCache cache(1, 1, 0);
  cache.begin({-1});
  put(cache, 0, 10);
  cache.commit(std::vector<std::int32_t>{0});
  cache.begin({-1, 0, 0, 2, 1});
  for (int row = 0; row < 5; ++row) put(cache, row, 20 + row);
  cache.commit(std::vector<std::int32_t>{0, 2, 3});
  EXPECT_EQ(cache.committed(), 4);
  EXPECT_THAT(std::vector<float>(cache.k(0), cache.k(0) + 4), ElementsAre(10, 20, 22, 23));
}

TEST(KvCache, shows_a_row_the_committed_context_its_ancestors_and_itself) {
  KvCache cache(1, 1, 0);
  cache.begin({-1, 0});
  cache.commit(std::vector<std::int32_t>{0, 1});
  cache.begin({-1, 0, 0, 1});
  const auto keys = cache.keys(3);
  EXPECT_EQ(keys.first, 0);
  EXPECT_EQ(keys.last, 2);
  EXPECT_THAT(std::vector<int>(keys.path.begin(), keys.path.end()), ElementsAre(2, 3, 5));
  EXPECT_EQ(cache.position(3), 4);
}

TEST(KvCache, hides_what_the_sliding_window_has_left_behind) {
  KvCache cache(1, 1, 3);  // a row sees itself and two before
  cache.begin({-1, 0, 1, 2});
  cache.commit(std::vector<std::int32_t>{0, 1, 2, 3});
  cache.begin({-1, 0, 1, 2});
  EXPECT_EQ(cache.keys(0).first, 2);
  EXPECT_EQ(cache.keys(1).first, 3);
  EXPECT_EQ(cache.keys(3).size(), 3u);
  EXPECT_THAT(std::vector<int>(cache.keys(3).path.begin(), cache.keys(3).path.end()), ElementsAre(5, 6, 7));
}

TEST(KvCache, keeps_its_rows_when_it_grows) {
  KvCache cache(1, 1, 0);
  for (int i = 0; i < 300; ++i) {
    cache.begin({-1});
    put(cache, 0, static_cast<float>(i));
    cache.commit(std::vector<std::int32_t>{0});
  }
  for (int i = 0; i < 300; ++i) ASSERT_EQ(cache.k(0)[i], i);
}

TEST(KvCache, refuses_rows_that_are_no_path) {
  KvCache cache(1, 1, 0);
  cache.begin({-1, 0, 0});
  const auto kept = [&](std::vector<std::int32_t> rows) {
    return tests::error_of([&] { cache.commit(rows); });
  };
  EXPECT_THAT(kept({1}), testing::HasSubstr("row 1 does not continue a path"));
  EXPECT_THAT(kept({0, 1, 2}), testing::HasSubstr("row 2"));
  EXPECT_THAT(kept({0, 7}), testing::HasSubstr("row 7"));
  EXPECT_THAT(tests::error_of([&] { cache.begin({0}); }),
              testing::HasSubstr("parent 0 is not an earlier row"));
}

}  // namespace
}  // namespace splitwan::engine
