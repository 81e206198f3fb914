#include "engine/layers/kv_cache.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "engine/layers/chunked_slots.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::ElementsAre;

KvCache one_layer() { return {std::make_unique<ChunkedSlots>(1, 1, 1), nullptr}; }

// Writes `value` as the key of a row of the step in flight.
void put(KvCache& cache, int row, float value) {
  const float negative = -value;
  cache.memory<ChunkedSlots>().put(0, cache.slot(row), &value, &negative);
}

float key(const KvCache& cache, int slot) {
  float k, v;
  cache.memory<ChunkedSlots>().get(0, slot, &k, &v);
  EXPECT_EQ(v, -k);
  return k;
}

std::vector<kernels::SlotRun> runs_of(const KvCache& cache, int row, int window = 0) {
  std::vector<kernels::SlotRun> runs;
  cache.add_runs(row, window, runs);
  return runs;
}

// The slots that a row sees, in order.
std::vector<int> seen(const KvCache& cache, int row, int window = 0) {
  std::vector<int> slots;
  for (const auto r : runs_of(cache, row, window)) {
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
  KvCache cache = one_layer();
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
  KvCache cache = one_layer();
  cache.begin(chain(2));
  cache.commit(first(2));
  cache.begin({-1, 0, 0, 1, 3});  // 0 1 3 4, and 2 beside 1
  EXPECT_THAT(seen(cache, 0), ElementsAre(0, 1, 2));
  EXPECT_THAT(seen(cache, 2), ElementsAre(0, 1, 2, 6));
  EXPECT_THAT(seen(cache, 3), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(seen(cache, 4), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(cache.position(4), 5);
}

TEST(KvCache, hides_what_the_sliding_window_has_left_behind) {
  constexpr int window = 3;  // a row sees itself and two before
  KvCache cache = one_layer();
  cache.begin(chain(4));
  cache.commit(first(4));
  cache.begin({-1, 0, 1, 2, 0, 4, 5});
  EXPECT_THAT(seen(cache, 0, window), ElementsAre(2, 3, 4));
  EXPECT_THAT(seen(cache, 1, window), ElementsAre(3, 4, 5));
  EXPECT_THAT(seen(cache, 3, window), ElementsAre(5, 6, 7));
  EXPECT_THAT(seen(cache, 4, window), ElementsAre(3, 4, 8));
  EXPECT_THAT(seen(cache, 5, window), ElementsAre(4, 8, 9));
  EXPECT_THAT(seen(cache, 6, window), ElementsAre(8, 9, 10));
}

TEST(KvCache, keeps_a_chain_as_one_run_however_long) {
  KvCache cache = one_layer();
  cache.begin(chain(100));
  cache.commit(first(100));
  cache.begin(chain(100'000));
  const auto runs = runs_of(cache, 99'999);
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].begin, 0);
  EXPECT_EQ(runs[0].end, 100'100);
}

// Parents of so many rows, by the kind of tree.
std::vector<std::int32_t> tree(const std::string& kind, int rows) {
  std::mt19937 random(7);
  std::vector<std::int32_t> parent;
  for (int row = 0; row < rows; ++row) {
    const int any = static_cast<int>(random() % static_cast<unsigned>(row + 1));
    parent.push_back(kind == "zigzag"    ? std::max(row - 2, -1)
                     : kind == "binary"  ? (row + 1) / 2 - 1
                     : kind == "comb"    ? (row % 2 == 0 ? row - 2 : row - 1)
                     : kind == "leaves"  ? -1
                     : kind == "braid"   ? std::max(row - 16, -1)
                     : kind == "brushes" ? std::max(row - 1 - any % 8, -1)
                                         : any - 1);
    if (parent.back() < -1) parent.back() = -1;
  }
  return parent;
}

class Trees : public testing::TestWithParam<const char*> {};

TEST_P(Trees, show_each_row_its_path_in_few_runs) {
  constexpr int rows = 2048;
  const auto parent = tree(GetParam(), rows);
  for (const int window : {0, 100}) {
    KvCache cache = one_layer();
    cache.begin(chain(40));
    cache.commit(first(40));
    cache.begin(parent);
    std::vector<std::int32_t> row_at(rows);
    for (int row = 0; row < rows; ++row) row_at.at(cache.slot(row) - 40) = row;
    std::size_t entries = 0;
    for (int row = 0; row < rows; ++row) {
      const std::size_t runs = runs_of(cache, row, window).size();
      ASSERT_LE(static_cast<double>(runs), std::log2(rows) + 2) << "row " << row;
      entries += runs;
      auto path = path_to(parent, row);
      ASSERT_EQ(cache.position(row), 40 + static_cast<int>(path.size()) - 1);
      if (window > 0 && path.size() > 100) path.erase(path.begin(), path.end() - 100);
      std::vector<std::int32_t> rows_seen;
      for (const int slot : seen(cache, row, window))
        if (slot >= 40) rows_seen.push_back(row_at.at(slot - 40));
      ASSERT_EQ(rows_seen, path) << "row " << row;
    }
    std::printf("%s, window %d: %.2f runs a row\n", GetParam(), window, static_cast<double>(entries) / rows);
    if (std::string(GetParam()) == "zigzag") {
      EXPECT_LE(entries, 2u * rows);
    }
  }
}

TEST_P(Trees, keep_any_path) {
  constexpr int rows = 300;
  const auto parent = tree(GetParam(), rows);
  for (const int last : {0, 7, 150, 299}) {
    KvCache cache = one_layer();
    cache.begin(parent);
    for (int row = 0; row < rows; ++row) put(cache, row, static_cast<float>(row));
    const auto path = path_to(parent, last);
    cache.commit(path);
    for (std::size_t i = 0; i < path.size(); ++i)
      ASSERT_EQ(key(cache, static_cast<int>(i)), static_cast<float>(path[i]));
  }
}

TEST_P(Trees, are_the_same_when_they_grow_level_by_level_or_row_by_row) {
  constexpr int rows = 300;
  const auto parent = tree(GetParam(), rows);
  for (const int step : {1, 7, 100}) {
    KvCache cache = one_layer();
    cache.begin({parent.begin(), parent.begin() + step});
    for (int row = 0; row < step; ++row) put(cache, row, static_cast<float>(row));
    for (int at = step; at < rows; at += step) {
      const int count = std::min(step, rows - at);
      cache.grow(std::span(parent).subspan(at, count));
      for (int row = 0; row < count; ++row) put(cache, row, static_cast<float>(at + row));
      const auto path = path_to(parent, at);
      std::vector<std::int32_t> found;
      for (const int slot : seen(cache, 0)) found.push_back(static_cast<std::int32_t>(key(cache, slot)));
      ASSERT_EQ(found, path);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Trees,
                         testing::Values("zigzag", "binary", "comb", "leaves", "braid", "brushes", "random"));

TEST(KvCache, goes_on_in_one_run_where_a_chain_grows) {
  KvCache cache = one_layer();
  cache.begin(chain(8));
  for (int at = 8; at < 80; at += 8) {
    std::vector<std::int32_t> more(8);
    for (int i = 0; i < 8; ++i) more[i] = at + i - 1;
    cache.grow(more);
    EXPECT_EQ(runs_of(cache, 7).size(), 1u);
  }
}

TEST(KvCache, gives_back_what_a_wide_step_took) {
  for (const int dim : {32, 128}) {
    const auto sized = [&](int rows) {
      KvCache cache{std::make_unique<ChunkedSlots>(3, 2, dim), 0};
      cache.begin(chain(rows));
      return cache.bytes();
    };
    KvCache cache{std::make_unique<ChunkedSlots>(3, 2, dim), 0};
    EXPECT_EQ(cache.bytes(), 0u);
    cache.begin(chain(100));
    EXPECT_EQ(cache.bytes(), 3u * 2 * 2 * (dim == 32 ? 4 : 14) * 4096);  // pages of 7 blocks of 16 slots
    cache.commit(first(100));
    cache.begin(tree("leaves", 2000));
    EXPECT_EQ(cache.bytes(), sized(2100));
    cache.commit(std::vector<std::int32_t>{3});
    cache.begin({-1});
    EXPECT_EQ(cache.bytes(), sized(512));
  }
}

TEST(KvCache, keeps_its_rows_where_they_are_when_it_grows) {
  KvCache cache = one_layer();
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
  KvCache cache = one_layer();
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
