#include "engine/layers/kv_cache.hh"

#include <gmock/gmock.h>

#include "engine/layers/chunked_slots.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;

KvCache one_layer_with_window(int window) { return {std::make_unique<ChunkedSlots>(1, 1, 1), window}; }

// Writes `value` as the key of a row of the step in flight.
void put(KvCache& cache, int row, float value) {
  const float negative = -value;
  cache.memory<ChunkedSlots>().put(0, cache.first_slot() + row, &value, &negative);
}

float key(const KvCache& cache, int slot) {
  float k, v;
  cache.memory<ChunkedSlots>().get(0, slot, &k, &v);
  EXPECT_EQ(v, -k);
  return k;
}

// The slots that a row sees, in order.
std::vector<int> seen(const KvCache& cache, int row) {
  std::vector<kernels::SlotRun> runs;
  cache.runs(row, runs);
  std::vector<int> slots;
  for (const auto r : runs) {
    for (int s = r.begin; s < r.end; ++s) slots.push_back(s);
  }
  return slots;
}

std::vector<std::int32_t> chain(int n) {
  std::vector<std::int32_t> parent(n);
  for (int i = 0; i < n; ++i) parent[i] = i - 1;
  return parent;
}

std::vector<std::int32_t> first(int n) {
  std::vector<std::int32_t> rows(n);
  for (int i = 0; i < n; ++i) rows[i] = i;
  return rows;
}

TEST(KvCache, keeps_an_arbitrary_path_and_forgets_the_rest) {
  KvCache cache = one_layer_with_window(0);
  cache.begin({-1});
  put(cache, 0, 10);
  cache.commit(first(1));
  cache.begin({-1, 0, 0, 2, 1});
  for (int row = 0; row < 5; ++row) put(cache, row, 20 + row);
  cache.commit(std::vector<std::int32_t>{0, 2, 3});
  EXPECT_EQ(cache.committed(), 4);
  const std::vector<float> keys = {key(cache, 0), key(cache, 1), key(cache, 2), key(cache, 3)};
  EXPECT_THAT(keys, ElementsAre(10, 20, 22, 23));
}

TEST(KvCache, shows_a_row_the_committed_context_its_ancestors_and_itself) {
  KvCache cache = one_layer_with_window(0);
  cache.begin(chain(2));
  cache.commit(first(2));
  cache.begin({-1, 0, 0, 1, 3});
  EXPECT_THAT(seen(cache, 0), ElementsAre(0, 1, 2));
  EXPECT_THAT(seen(cache, 2), ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(seen(cache, 3), ElementsAre(0, 1, 2, 3, 5));
  EXPECT_THAT(seen(cache, 4), ElementsAre(0, 1, 2, 3, 5, 6));
  EXPECT_EQ(cache.position(4), 5);
}

TEST(KvCache, hides_what_the_sliding_window_has_left_behind) {
  KvCache cache = one_layer_with_window(3);  // a row sees itself and two before
  cache.begin(chain(4));
  cache.commit(first(4));
  cache.begin({-1, 0, 1, 2, 0, 4, 5});
  EXPECT_THAT(seen(cache, 0), ElementsAre(2, 3, 4));
  EXPECT_THAT(seen(cache, 1), ElementsAre(3, 4, 5));
  EXPECT_THAT(seen(cache, 3), ElementsAre(5, 6, 7));
  EXPECT_THAT(seen(cache, 4), ElementsAre(3, 4, 8));
  EXPECT_THAT(seen(cache, 5), ElementsAre(4, 8, 9));
  EXPECT_THAT(seen(cache, 6), ElementsAre(8, 9, 10));
}

TEST(KvCache, keeps_a_chain_as_one_run_however_long) {
  KvCache cache = one_layer_with_window(0);
  cache.begin(chain(100));
  cache.commit(first(100));
  cache.begin(chain(100'000));
  std::vector<kernels::SlotRun> runs;
  cache.runs(99'999, runs);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].begin, 0);
  EXPECT_EQ(runs[0].end, 100'100);
}

TEST(KvCache, keeps_its_rows_where_they_are_when_it_grows) {
  KvCache cache = one_layer_with_window(0);
  const float* first_chunk = nullptr;
  for (int i = 0; i < 1000; ++i) {
    cache.begin({-1});
    put(cache, 0, static_cast<float>(i));
    cache.commit(first(1));
    if (i == 0) first_chunk = cache.memory<ChunkedSlots>().head(0, 0).chunks[0];
  }
  EXPECT_EQ(cache.memory<ChunkedSlots>().head(0, 0).chunks[0], first_chunk);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(key(cache, i), i);
}

TEST(KvCache, refuses_rows_that_are_no_path) {
  KvCache cache = one_layer_with_window(0);
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
