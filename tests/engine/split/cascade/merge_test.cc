// Attention in parts equals attention over all keys: worked numbers, doubles and floats.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/split/cascade/partial.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine::cascade {
namespace {

// One case of the fixture: its inputs by formula.
template <typename T>
struct Case {
  explicit Case(const Json& j)
      : shape{j["H"], j["H_kv"], j["d_h"], 1 / std::sqrt(j["d_h"].get<double>())},
        tokens(j["N"]),
        causal(j["causal"]) {
    const int kv = shape.kv_heads * shape.head_dim;
    for (int x = 0; x < tokens * shape.q_width(); ++x) q.push_back(static_cast<T>(std::sin(0.3 + 0.7 * x)));
    for (int x = 0; x < tokens * kv; ++x) {
      k.push_back(static_cast<T>(std::sin(1.1 + 0.9 * x)));
      v.push_back(static_cast<T>(std::sin(2.0 + 1.3 * x)));
    }
    for (const Json& shard : j["shards"]) shards.push_back(shard.get<std::vector<int>>());
  }
  // Of token t over a shard; empty where it sees no key there.
  std::vector<T> part(int t, const std::vector<int>& shard, PartialForm form) const {
    std::vector<const T*> keys, values;
    for (const int s : shard) {
      if (causal && s > t) continue;
      keys.push_back(k.data() + s * shape.kv_heads * shape.head_dim);
      values.push_back(v.data() + s * shape.kv_heads * shape.head_dim);
    }
    if (keys.empty()) return {};
    std::vector<T> out(static_cast<std::size_t>(partial_width(shape, form)));
    attend<T>(shape, form, q.data() + t * shape.q_width(), keys, values, out.data());
    return out;
  }
  std::vector<T> merged(int t, PartialForm form) const {
    std::vector<std::vector<T>> parts;
    for (const auto& shard : shards)
      if (auto p = part(t, shard, form); !p.empty()) parts.push_back(std::move(p));
    std::vector<const T*> at;
    for (const auto& p : parts) at.push_back(p.data());
    std::vector<T> out(static_cast<std::size_t>(shape.q_width()));
    merge<T>(shape, form, at, out.data());
    return out;
  }

  HeadShape shape;
  int tokens;
  bool causal;
  std::vector<T> q, k, v;
  std::vector<std::vector<int>> shards;
};

Json fixture() { return read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/cascade_merge.json")["cases"]; }

template <typename T>
int compare(double tolerance) {
  int compared = 0;
  for (const Json& j : fixture()) {
    const Case<T> c(j);
    for (const auto form : {PartialForm::meu, PartialForm::o_lse}) {
      for (int t = 0; t < c.tokens; ++t) {
        const auto o = c.merged(t, form);
        for (int h = 0; h < c.shape.heads; ++h)
          for (int d = 0; d < c.shape.head_dim; ++d, ++compared)
            EXPECT_NEAR(o[static_cast<std::size_t>(h * c.shape.head_dim + d)],
                        j["dense_out"][t][h][d].get<double>(), tolerance)
                << j["name"] << " token " << t;
      }
    }
  }
  return compared;
}

TEST(Merge, of_parts_is_attention_over_all_keys) {
  EXPECT_EQ(compare<double>(1e-12), 2 * (7 * 2 * 4 + 9 * 4 * 2 + 6 * 2 * 4));
  EXPECT_EQ(compare<float>(1e-5), 2 * (7 * 2 * 4 + 9 * 4 * 2 + 6 * 2 * 4));
}

TEST(Merge, has_the_worked_parts_and_none_over_no_key) {
  int parts = 0, empty = 0;
  for (const Json& j : fixture()) {
    const Case<double> c(j);
    for (const Json& detail : j["detail"]) {
      const int t = detail["t"], h = detail["h"];
      for (const Json& expected : detail["partials"]) {
        const auto part = c.part(t, c.shards[expected["shard"].get<std::size_t>()], PartialForm::meu);
        if (expected["m"].is_null()) {
          ++empty;
          EXPECT_TRUE(part.empty());
          continue;
        }
        ++parts;
        const auto at = static_cast<std::size_t>(c.shape.q_width() + h);
        EXPECT_NEAR(part[at], expected["m"].get<double>(), 1e-12);
        EXPECT_NEAR(part[at + static_cast<std::size_t>(c.shape.heads)], expected["e"].get<double>(), 1e-12);
        for (int d = 0; d < c.shape.head_dim; ++d)
          EXPECT_NEAR(part[static_cast<std::size_t>(h * c.shape.head_dim + d)],
                      expected["u"][d].get<double>(), 1e-12);
        const auto o = c.part(t, c.shards[expected["shard"].get<std::size_t>()], PartialForm::o_lse);
        EXPECT_NEAR(o[at], expected["m"].get<double>() + std::log(expected["e"].get<double>()), 1e-12);
      }
    }
  }
  EXPECT_GT(parts, 30);
  EXPECT_GT(empty, 5);
}

TEST(Merge, of_one_shard_alone_is_that_shard) {
  int compared = 0;
  for (const Json& j : fixture()) {
    Case<double> c(j);
    c.shards = {{}};
    for (int t = 0; t < c.tokens; ++t) c.shards[0].push_back(t);
    for (int t = 0; t < c.tokens; ++t)
      for (int h = 0; h < c.shape.heads; ++h, ++compared)
        EXPECT_NEAR(c.merged(t, PartialForm::o_lse)[static_cast<std::size_t>(h * c.shape.head_dim)],
                    j["dense_out"][t][h][0].get<double>(), 1e-12);
  }
  EXPECT_EQ(compared, 7 * 2 + 9 * 4 + 6 * 2);
}

}  // namespace
}  // namespace splitwan::engine::cascade
