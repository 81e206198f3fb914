// What two given rows differ by: bounds around the sum over every outcome.
#include "engine/privacy/pair_loss.hh"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "engine/base/json_file.hh"
#include "engine/privacy/accountant.hh"

namespace splitwan::engine {
namespace {

using testing::Ge, testing::Le;
using Row = std::vector<double>;

double enumerated(const BinomialSpec& s, const Row& x, const Row& y, double epsilon) {
  std::vector<Row> p, q;
  double outcomes = 1, sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    p.push_back(s.counts(x[i])), q.push_back(s.counts(y[i]));
    outcomes *= s.rounds() + 1;
  }
  for (std::uint64_t o = 0; o < static_cast<std::uint64_t>(outcomes); ++o) {
    double px = 1, py = 1;
    std::uint64_t rest = o;
    for (std::size_t i = 0; i < x.size(); ++i, rest /= s.rounds() + 1)
      px *= p[i][rest % (s.rounds() + 1)], py *= q[i][rest % (s.rounds() + 1)];
    sum += std::max(0.0, px - std::exp(epsilon) * py);
  }
  return sum;
}

void expect_between(const BinomialSpec& s, const Row& x, const Row& y, double epsilon, double exact) {
  constexpr double rounding = 1e-12;
  EXPECT_THAT(PairLoss(s, x, y, PairLoss::Rounded::down).delta(epsilon), Le(exact + rounding)) << epsilon;
  EXPECT_THAT(PairLoss(s, x, y, PairLoss::Rounded::up).delta(epsilon), Ge(exact - rounding)) << epsilon;
  EXPECT_THAT(exact, Le(Accountant(s.row_rounds(), s.corner()).delta(epsilon) + rounding)) << epsilon;
}

TEST(PairLoss, brackets_the_fixture_s_pair) {
  const Json f = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/binomial_dp.json")["arbitrary_pair"];
  const BinomialSpec s{f["mu"], f["n_bits"], f["d"], f["c"]};
  const Row x = f["x"], y = f["y"];
  int compared = 0;
  for (const Json& row : f["delta"]) {
    const double epsilon = row["eps"], exact = row["x_over_y"];
    EXPECT_NEAR(enumerated(s, x, y, epsilon), exact, 1e-12);
    expect_between(s, x, y, epsilon, exact);
    expect_between(s, y, x, epsilon, row["y_over_x"]);
    EXPECT_THAT(PairLoss(s, x, y, PairLoss::Rounded::up).delta(epsilon),
                Le(row["pld_upper_bound_x_over_y"].get<double>() + 1e-12));  // ours rounds once a coordinate
    EXPECT_NEAR(Accountant(s.row_rounds(), s.corner()).delta(epsilon), row["worst_case_box"].get<double>(),
                1e-12);
    ++compared;
  }
  EXPECT_EQ(compared, 5);
}

TEST(PairLoss, brackets_pairs_drawn_at_random) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> coordinate(-0.06, 0.06);  // some outside the box
  for (int i = 0; i < 40; ++i) {
    const BinomialSpec s{0.5 + i * 0.3, 1 + i % 3, 1 + i % 4, 0.05};
    Row x(s.width), y(s.width);
    for (double& v : x) v = coordinate(random);
    for (double& v : y) v = coordinate(random);
    for (const double epsilon : {0.0, 0.3, 1.0, 3.0})
      expect_between(s, x, y, epsilon, enumerated(s, x, y, epsilon));
  }
}

TEST(PairLoss, of_opposite_corners_is_the_worst_case) {
  const BinomialSpec s{6, 3, 16, 0.05};
  const Row x(16, 0.05), y(16, -0.05);
  const double exact = Accountant(s.row_rounds(), s.corner()).delta(20);
  EXPECT_THAT(PairLoss(s, x, y, PairLoss::Rounded::down).delta(20), Le(exact));
  EXPECT_THAT(PairLoss(s, x, y, PairLoss::Rounded::up).delta(20), Ge(exact));
  EXPECT_NEAR(PairLoss(s, x, y, PairLoss::Rounded::up, 1e-5).delta(20) / exact, 1, 2e-3);
}

TEST(PairLoss, of_a_row_with_itself_is_nothing) {
  const BinomialSpec s{6, 3, 16, 0.05};
  const Row x(16, 0.02);
  EXPECT_EQ(PairLoss(s, x, x, PairLoss::Rounded::up).delta(0), 0);
}

}  // namespace
}  // namespace splitwan::engine
