// The exact account against worked numbers: del.md 3.2 and its fixture, whose deltas are 60-digit sums.
#include "engine/privacy/accountant.hh"

#include <gmock/gmock.h>

#include <chrono>

#include "engine/base/json_file.hh"
#include "engine/privacy/binomial.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::engine {
namespace {

using testing::Gt, testing::Le;

const Json& fixture() {
  static const Json json = read_json_file(SPLITWAN_SOURCE_DIR "/tests/fixtures/binomial_dp.json");
  return json;
}

BinomialSpec spec(int width, int bits, double mu) { return {mu, bits, width, 0.05}; }

Accountant account(const BinomialSpec& s, std::uint64_t rows = 1) {
  return {rows * s.row_rounds(), s.corner()};
}

struct Row {
  int width, bits;
  double mu, scale, corner, epsilon, epsilon_digit, gaussian, gaussian_digit, pure, pure_digit;
};
// What the table prints, and the value of its last digit.
const Row table[] = {{8, 2, 2, .25, .6, 8.8209, 1e-4, 9.9973, 1e-4, 9.7312, 1e-4},
                     {128, 4, 1, 4.3820657229, .505705071895, 4.37298, 1e-5, 4.37718, 1e-5, 43.817, 1e-3},
                     {128, 4, 4, 1.09658561, .522798037629, 24.313, 1e-3, 24.382, 1e-3, 175.210, 1e-3},
                     {128, 4, 10, .4410215414, .556686573448, 90.86, 1e-2, 91.82, 1e-2, 437.233, 1e-3},
                     {128, 4, 20, .2247220505, .611248539872, 274.201, 1e-3, 284.392, 1e-3, 868.922, 1e-3},
                     {128, 4, 40, .1204159458, .707613699634, 851.72, 1e-2, 969.65, 1e-2, 1696.939, 1e-3},
                     {128, 4, 60, .08850612032, .782466341433, 1580.78, 1e-2, 2054.93, 1e-2, 2457.787, 1e-3},
                     {128, 2, 20, .11, .727272727273, 240.65, 1e-2, 284.39, 1e-2, 376.638, 1e-3},
                     {128, 1, 20, .07549834435, .831133089266, 184.63, 1e-2, 284.39, 1e-2, 203.991, 1e-3},
                     {128, 1, 4, .2872281323, .587038827978, 23.334, 1e-3, 24.382, 1e-3, 45.022, 1e-3}};

TEST(Accountant, agrees_with_the_table_to_half_a_unit_of_its_last_digit) {
  int compared = 0;
  for (const Row& r : table) {
    SCOPED_TRACE(testing::Message() << "width " << r.width << ", bits " << r.bits << ", mu " << r.mu);
    const BinomialSpec s = spec(r.width, r.bits, r.mu);
    EXPECT_NEAR(s.scale() / r.scale, 1, 1e-9);
    EXPECT_NEAR(s.corner(), r.corner, 1e-12);
    EXPECT_NEAR(mu_of_scale(s.scale(), s.clip, s.row_rounds()), r.mu, 1e-9 * r.mu);
    EXPECT_NEAR(account(s).epsilon(1e-5), r.epsilon, r.epsilon_digit / 2);
    EXPECT_NEAR(gaussian_epsilon(r.mu, 1e-5), r.gaussian, r.gaussian_digit / 2);
    EXPECT_NEAR(account(s).pure(), r.pure, r.pure_digit / 2);
    ++compared;
  }
  RecordProperty("compared", compared);
  EXPECT_EQ(compared, 10);
  EXPECT_NEAR(account(spec(8, 2, 2)).renyi_epsilon(1e-5), 9.072, 5e-4);
  EXPECT_NEAR(account(spec(128, 4, 1)).renyi_epsilon(1e-5), 4.72, 5e-3);
  EXPECT_NEAR(account(spec(128, 4, 20)).renyi_epsilon(1e-5), 282.74, 5e-3);
}

TEST(Accountant, agrees_with_the_fixture) {
  int deltas = 0, epsilons = 0, others = 0;
  for (const Json& c : fixture()["cases"]) {
    SCOPED_TRACE(c["name"].get<std::string>());
    const BinomialSpec s = spec(c["d"], c["n_bits"], c["mu"]);
    const Accountant a = account(s);
    for (const Json& row : c["delta_at_eps"]) {
      const double exact = row["delta_exact"], epsilon = row["eps"], found = a.delta(epsilon);
      EXPECT_NEAR(found, exact, 1e-12) << epsilon;
      EXPECT_NEAR(found, exact, 1e-10 * exact) << epsilon;
      EXPECT_NEAR(gaussian_delta(s.mu, epsilon), row["delta_if_mu_gdp"].get<double>(), 1e-12) << epsilon;
      ++deltas;
    }
    for (const Json& row : c["eps_at_delta"]) {
      const double delta = row["delta"];
      EXPECT_NEAR(a.epsilon(delta), row["eps_exact"].get<double>(), 1e-6);
      EXPECT_NEAR(gaussian_epsilon(s.mu, delta), row["eps_if_mu_gdp"].get<double>(), 1e-6);
      EXPECT_THAT(a.epsilon(delta), Le(a.renyi_epsilon(delta)));
      EXPECT_NEAR(a.renyi_epsilon(delta), row["eps_renyi_bound"].get<double>(), 1e-3);
      EXPECT_THAT(a.epsilon(delta), Le(a.pure()));
      ++epsilons;
    }
    for (const Json& row : c["composition"]) {
      EXPECT_NEAR(account(s, row["tokens"]).epsilon(1e-5), row["eps_exact_1e5"].get<double>(), 1e-6);
      ++epsilons;
    }
    for (const Json& row : c["renyi"]) {
      EXPECT_NEAR(a.renyi(row["order"]), row["per_token"].get<double>(),
                  1e-9 * row["per_token"].get<double>());
      ++others;
    }
    for (const Json& row : c["tradeoff_vertices"]) {
      const Accountant::Errors e = a.at(row["t"].get<std::uint64_t>());
      EXPECT_NEAR(e.first, row["alpha"].get<double>(), 1e-12);
      EXPECT_NEAR(e.second, row["beta"].get<double>(), 1e-12);
      EXPECT_NEAR(a.beta(e.first), e.second, 1e-12);
      ++others;
    }
    EXPECT_NEAR(a.pure(), c["eps_max_pure"].get<double>(), 1e-9 * a.pure());
    EXPECT_NEAR(a.renyi(1), c["kl"].get<double>(), 1e-9 * a.renyi(1));
    EXPECT_NEAR(a.total_variation(), c["total_variation"].get<double>(), 1e-12);
    EXPECT_NEAR(published_gamma(s.row_rounds(), c["r"]), c["gamma_stated"].get<double>(), 1e-12);
  }
  RecordProperty("deltas", deltas);
  RecordProperty("epsilons", epsilons);
  EXPECT_THAT(deltas, Gt(15));
  EXPECT_THAT(epsilons, Gt(15));
  EXPECT_THAT(others, Gt(40));
}

TEST(Accountant, says_more_is_given_away_at_a_higher_mu_whatever_the_delta) {
  for (const int bits : {1, 4}) {
    for (const double delta : {1e-3, 1e-5, 1e-9}) {
      double before = 0;
      for (double mu = 0.25; mu < 100; mu *= 1.3) {
        const double epsilon = account(spec(128, bits, mu)).epsilon(delta);
        EXPECT_THAT(epsilon, Gt(before)) << mu << " " << delta;
        before = epsilon;
      }
    }
  }
}

// Counts are whole: a wider row may give away less at the same mu.
TEST(Accountant, is_not_monotone_in_the_width) {
  EXPECT_NEAR(account(spec(17, 1, 1)).epsilon(1e-5), 3.9026, 5e-5);
  EXPECT_NEAR(account(spec(18, 1, 1)).epsilon(1e-5), 3.7905, 5e-5);
}

TEST(Accountant, finds_delta_and_epsilon_to_be_each_others_inverse) {
  for (const double mu : {0.5, 3.0, 20.0}) {
    const Accountant a = account(spec(64, 3, mu), 7);
    for (const double delta : {0.1, 1e-4, 1e-8, 1e-30})
      EXPECT_NEAR(a.delta(a.epsilon(delta)) / delta, 1, 1e-7) << mu << " " << delta;
    EXPECT_EQ(a.epsilon(0), a.pure());
    EXPECT_EQ(a.delta(a.pure()), 0);
  }
}

TEST(Accountant, of_many_rounds_comes_near_the_gaussian_limit) {
  const BinomialSpec s = spec(128, 4, 0.1);
  EXPECT_NEAR(account(s, 100).epsilon(1e-5), gaussian_epsilon(1, 1e-5), 1e-3);
}

TEST(Accountant, of_a_hundred_thousand_rounds_takes_less_than_a_second) {
  const auto begin = std::chrono::steady_clock::now();
  const Accountant a(100000, 0.55);
  EXPECT_THAT(a.epsilon(1e-5), Gt(0));
  EXPECT_THAT(a.epsilon(1e-12), Gt(a.epsilon(1e-5)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(Accountant, of_more_rounds_than_it_can_hold_is_refused) {
  EXPECT_EQ(tests::error_of([] { Accountant(most_rounds + 1, 0.55); }),
            "an account of 10000000001 rounds: expected 1 to 10000000000");
}

TEST(PublishedBound, says_nothing_at_the_deltas_that_people_ask_for) {
  const BinomialSpec s = spec(128, 4, 1);
  const double gamma = published_gamma(s.row_rounds(), s.clip / s.scale());
  EXPECT_TRUE(std::isnan(published_epsilon(1, gamma, 1e-5)));
  EXPECT_FALSE(std::isnan(published_epsilon(1, gamma, 0.3)));
}

TEST(GaussianMu, is_the_inverse_of_epsilon) {
  for (const double mu : {0.2, 1.0, 20.0, 60.0})
    EXPECT_NEAR(gaussian_mu(gaussian_epsilon(mu, 1e-5), 1e-5), mu, 1e-6 * mu);
}

}  // namespace
}  // namespace splitwan::engine
