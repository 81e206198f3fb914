// Mann and Whitney's test against published values, against counting every arrangement, and where nothing
// differs.
#include "analysis/trials/rank_test.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <random>

#include "engine/base/error.hh"
#include "tests/analysis/trials/noise.hh"

namespace splitwan::analysis {
namespace {

using testing::DoubleNear, testing::ElementsAre;

// Every way to share out the ranks 1 .. n + m, as often as U was at least so far from the middle.
double p_by_enumeration(std::size_t n, std::size_t m, double u) {
  std::vector<int> is_a(n + m);
  std::fill(is_a.begin() + static_cast<std::ptrdiff_t>(m), is_a.end(), 1);
  const double middle = static_cast<double>(n * m) / 2;
  double all = 0, as_far = 0;
  do {
    double wins = 0, b_below = 0;
    for (const int a : is_a) a ? wins += b_below : ++b_below;
    ++all;
    as_far += std::abs(wins - middle) >= std::abs(u - middle) - 1e-9;
  } while (std::next_permutation(is_a.begin(), is_a.end()));
  return as_far / all;
}

TEST(MannWhitney, agrees_with_published_values) {
  // Hollander and Wolfe (1973), p. 69: permeability of chorioamnion; R's wilcox.test gives W = 35, one-sided
  // p = 0.1272.
  const std::vector<double> term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46},
      early{1.15, 0.88, 0.90, 0.74, 1.21};
  const RankTest chorion = mann_whitney(term, early);
  EXPECT_EQ(chorion.u, 35);
  EXPECT_TRUE(chorion.exact);
  EXPECT_NEAR(chorion.p, 2 * 0.1272, 1e-4);
  // SciPy's manual: ages of men and women at a diagnosis, U = 17, exact p = 0.1111.
  const std::vector<double> men{19, 22, 16, 29, 24}, women{20, 11, 17, 12};
  EXPECT_EQ(mann_whitney(men, women).u, 17);
  EXPECT_NEAR(mann_whitney(men, women).p, 1.0 / 9, 1e-12);
  // R's manual: ozone in New York in May and in August 1973, with ties: W = 127.5, p = 0.0001208.
  const std::vector<double> may{41, 36, 12, 18, 28, 23, 19, 8, 7,  16, 11, 14,  18,
                                14, 34, 6,  30, 11, 1,  11, 4, 32, 23, 45, 115, 37},
      august{39, 9,  16, 78, 35, 66, 122, 89,  110, 44, 28,  65, 22,
             59, 23, 31, 44, 21, 9,  45,  168, 73,  76, 118, 84, 85};
  const RankTest ozone = mann_whitney(may, august);
  EXPECT_EQ(ozone.u, 127.5);
  EXPECT_FALSE(ozone.exact);
  EXPECT_NEAR(ozone.p, 0.0001208, 5e-8);
}

TEST(MannWhitney, counts_every_arrangement_of_small_samples) {
  std::mt19937_64 random(1);
  std::size_t compared = 0;
  for (std::size_t n = 1; n <= 7; ++n)
    for (std::size_t m = 1; m <= 7; ++m) {
      std::vector<double> values(n + m);
      std::iota(values.begin(), values.end(), 1.0);
      for (int again = 0; again < 4; ++again) {
        std::shuffle(values.begin(), values.end(), random);
        const std::span all(values);
        const RankTest test = mann_whitney(all.first(n), all.subspan(n));
        EXPECT_TRUE(test.exact);
        EXPECT_NEAR(test.p, p_by_enumeration(n, m, test.u), 1e-12) << n << " and " << m << ", U " << test.u;
        EXPECT_EQ(mann_whitney(all.subspan(n), all.first(n)).p, test.p);
        ++compared;
      }
    }
  EXPECT_EQ(compared, 196u);
}

TEST(MannWhitney, of_large_samples_is_close_to_the_exact_one) {
  std::mt19937_64 random(2);
  for (int again = 0; again < 50; ++again) {
    std::vector<double> values(50);
    std::iota(values.begin(), values.end(), 1.0);
    std::shuffle(values.begin(), values.end(), random);
    std::vector<double> a(values.begin(), values.begin() + 25), b(values.begin() + 25, values.end());
    std::ranges::sort(a);
    const RankTest exact = mann_whitney(a, b);
    // Two neighbours of one side made equal: U stays, and there is a tie.
    const auto next = std::ranges::adjacent_find(a, [](double low, double high) { return high == low + 1; });
    ASSERT_NE(next, a.end());
    *next = *(next + 1);
    const RankTest normal = mann_whitney(a, b);
    EXPECT_EQ(normal.u, exact.u);
    EXPECT_TRUE(exact.exact && !normal.exact);
    EXPECT_NEAR(normal.p, exact.p, 0.005);
  }
}

TEST(MannWhitney, sees_nothing_where_all_values_are_equal_and_refuses_none) {
  const std::vector<double> same{3, 3, 3, 3}, none;
  EXPECT_EQ(mann_whitney(same, same).p, 1);
  EXPECT_THROW(mann_whitney(same, none), engine::Error);
}

// Where nothing differs p is uniform: as many of 4,000 below each limit as there should be.
TEST(MannWhitney, gives_every_p_as_often_as_it_says_where_nothing_differs) {
  std::mt19937_64 random(3);
  for (const std::size_t each : {9u, 20u, 60u}) {
    std::vector<double> p;
    for (int again = 0; again < 4000; ++again) {
      std::vector<double> a(each), b(each);
      for (auto* sample : {&a, &b})
        for (double& v : *sample) v = std::pow(static_cast<double>(random() >> 11) * 0x1p-53, 3);  // skewed
      p.push_back(mann_whitney(a, b).p);
    }
    for (const double limit : {0.01, 0.05, 0.2, 0.5}) {
      const double share =
          static_cast<double>(std::ranges::count_if(p, [&](double v) { return v <= limit; })) / 4000;
      const double chance = 4 * std::sqrt(limit * (1 - limit) / 4000);
      EXPECT_LE(share, limit + chance) << each << " values, p of at most " << limit;
      // U is a whole number: exact p are a little larger than they had to be.
      EXPECT_GE(share, 0.75 * limit - chance) << each << " values, p of at most " << limit;
    }
  }
}

TEST(Holm, multiplies_the_least_p_by_all_of_them_the_next_by_one_less) {
  const std::vector<double> p{0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(holm(p), ElementsAre(DoubleNear(0.03, 1e-15), DoubleNear(0.06, 1e-15), DoubleNear(0.06, 1e-15),
                                   DoubleNear(0.02, 1e-15)));  // R's p.adjust
  EXPECT_THAT(holm(std::vector<double>{0.7, 0.6}), ElementsAre(1, 1));
  EXPECT_TRUE(holm({}).empty());
}

TEST(PairedMannWhitney, counts_every_swap_of_small_samples) {
  std::mt19937_64 random(5);
  std::size_t compared = 0;
  for (std::size_t n = 1; n <= 10; ++n)
    for (int again = 0; again < 10; ++again) {
      std::vector<double> a, b;
      for (std::size_t i = 0; i < n; ++i) {
        a.push_back(static_cast<double>(random() % 20));  // with ties
        b.push_back(static_cast<double>(random() % 20));
      }
      const RankTest test = paired_mann_whitney(a, b);
      EXPECT_EQ(test.u, mann_whitney(a, b).u);
      const double middle = static_cast<double>(n * n) / 2;
      double as_far = 0;
      for (std::size_t swaps = 0; swaps < (1u << n); ++swaps) {
        auto x = a, y = b;
        for (std::size_t i = 0; i < n; ++i)
          if (swaps >> i & 1) std::swap(x[i], y[i]);
        as_far += std::abs(mann_whitney(x, y).u - middle) >= std::abs(test.u - middle) - 1e-9;
      }
      EXPECT_NEAR(test.p, as_far / std::exp2(n), 1e-12) << n;
      ++compared;
    }
  EXPECT_EQ(compared, 100u);
}

TEST(PairedMannWhitney, sees_through_what_both_of_a_pair_share) {
  std::vector<double> a, b;
  for (int i = 0; i < 20; ++i) {
    a.push_back(100 + 10 * i + 1);
    b.push_back(100 + 10 * i);
  }
  EXPECT_GT(mann_whitney(a, b).p, 0.5);
  EXPECT_EQ(paired_mann_whitney(a, b).p, least_p(20));
}

TEST(PairedMannWhitney, of_many_pairs_is_close_to_the_exact_one) {
  std::mt19937_64 random(6);
  for (int again = 0; again < 20; ++again) {
    std::vector<double> a, b;
    for (int i = 0; i < 100; ++i) {
      a.push_back(model::normal(random));
      b.push_back(model::normal(random) + 0.2);
    }
    const RankTest exact = paired_mann_whitney(a, b);
    a.push_back(0);  // a pair that says nothing
    b.push_back(0);
    const RankTest normal = paired_mann_whitney(a, b);
    EXPECT_TRUE(exact.exact && !normal.exact);
    EXPECT_NEAR(normal.p, exact.p, 0.01);
  }
}

// Where nothing differs but the machine's mood drifts, for both alike.
TEST(PairedMannWhitney, gives_every_p_as_often_as_it_says_where_nothing_differs) {
  std::mt19937_64 random(7);
  for (const std::size_t pairs : {9u, 40u, 120u}) {
    constexpr int times = 3000;
    std::vector<double> p;
    for (int again = 0; again < times; ++again) {
      const Trial t = tests::trial_of(random, pairs, 0, {.own = 0.01, .mood = 0.04});
      p.push_back(paired_mann_whitney(t.ours, t.theirs).p);
    }
    for (const double limit : {0.01, 0.05, 0.2, 0.5}) {
      const double share =
          static_cast<double>(std::ranges::count_if(p, [&](double v) { return v <= limit; })) / times;
      const double chance = 4 * std::sqrt(limit * (1 - limit) / times);
      EXPECT_LE(share, limit + chance) << pairs << " pairs, p of at most " << limit;
      EXPECT_GE(share, 0.75 * limit - chance) << pairs << " pairs, p of at most " << limit;
    }
  }
}

TEST(LeastP, is_that_of_the_clearest_pairs) {
  std::vector<double> a, b;
  for (int i = 1; i <= 12; ++i) {
    a.push_back(100 + i);
    b.push_back(i);
    EXPECT_NEAR(paired_mann_whitney(a, b).p, least_p(a.size()), 1e-15);
  }
}

}  // namespace
}  // namespace splitwan::analysis
