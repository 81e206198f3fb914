// The model's connection against netsim's theory, which counts segments where it counts flights.
#include "model/path/connection.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "netsim/link/flight_theory.hh"

namespace splitwan::model {
namespace {

using std::chrono::nanoseconds;

netsim::FlightTheory theory_of(const Condition& c) {
  netsim::Edge edge{0, 1, {}, {}};
  edge.forward.delay = edge.backward.delay = nanoseconds(std::llround(c.rtt_s * 5e8));
  edge.forward.bits_per_second = c.up_bps;
  edge.backward.bits_per_second = c.down_bps;
  return {edge, {}};
}

double network_s(const Trip& t) { return t.rtt_s + t.wire_s; }

// Mean seconds of steps of so many rows of 8 KB, after a prompt of 40.
struct Means {
  double model_s = 0, theory_s = 0;
};
Means run(const Condition& c, const std::vector<int>& rows, int steps, double work_s, double held_s) {
  Connection connection(c, 10);
  netsim::FlightTheory theory = theory_of(c);
  Means means;
  for (int i = -1; i < steps; ++i) {
    const double bytes = 64 + 8192.0 * (i < 0 ? 40 : rows[i % rows.size()]);
    const double model_s = network_s(connection.exchange(bytes, bytes, held_s));
    const auto size = static_cast<std::uint64_t>(bytes);
    const double theory_s =
        theory.exchange({size, size, nanoseconds(i < 0 ? 0 : std::llround(work_s * 1e9))}, held_s);
    connection.rest(work_s);
    if (i < 0) continue;
    means.model_s += model_s / steps;
    means.theory_s += theory_s / steps;
  }
  return means;
}

struct Case {
  double rtt_s, bps;
};
class ConnectionOf : public ::testing::TestWithParam<Case> {};

TEST_P(ConnectionOf, steps_take_what_segments_take) {
  const Condition c{"", GetParam().rtt_s, GetParam().bps, GetParam().bps};
  const std::vector<std::vector<int>> mixes = {
      {1}, {9}, {17}, {1, 1, 1, 13, 1, 9, 1, 1, 17}, {1, 4, 7, 10, 12}};
  for (const auto& rows : mixes) {
    const Means m = run(c, rows, 60, 0.03, 0.013);
    EXPECT_NEAR(m.model_s / m.theory_s, 1, rows.size() == 1 && rows[0] == 1 ? 1e-3 : 0.02)
        << c.rtt_s << " s, " << c.up_bps << " bit/s, " << rows.size() << " kinds of " << rows[0] << " rows";
  }
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const double rtt_s : {0.005, 0.02, 0.08, 0.16, 0.3})
    for (const double bps : {10e6, 30e6, 100e6, 300e6, 1e9}) list.push_back({rtt_s, bps});
  return list;
}
INSTANTIATE_TEST_SUITE_P(Links, ConnectionOf, ::testing::ValuesIn(cases()), [](const auto& info) {
  return "at" + std::to_string(std::lround(info.param.rtt_s * 1e3)) + "msAnd" +
         std::to_string(std::lround(info.param.bps / 1e6)) + "Mbit";
});

TEST(Connection, a_pause_longer_than_the_timeout_closes_the_window) {
  Connection connection({"", 0.08, 1e9, 1e9}, 10);
  const double first = network_s(connection.exchange(64'000, 64, 0));
  EXPECT_LT(network_s(connection.exchange(64'000, 64, 0)), first / 2);
  connection.rest(5);
  EXPECT_NEAR(network_s(connection.exchange(64'000, 64, 0)), first, 1e-9);
}

TEST(Connection, unlimited_rates_cost_round_trips_alone) {
  const double unlimited = std::numeric_limits<double>::infinity();
  Connection connection({"", 0.1, unlimited, unlimited}, 10);
  const Trip trip = connection.exchange(8'192, 8'192, 0);
  EXPECT_EQ(trip.wire_s, 0);
  EXPECT_NEAR(trip.rtt_s, 0.1, 1e-12);
}

TEST(Connection, rare_losses_cost_their_share_of_a_timeout_or_a_round_trip) {
  const double loss = 1e-6;
  Connection connection({"", 0.1, 1e9, 1e9, loss}, 100);
  const Trip small = connection.exchange(1'000, 1'000, 0);  // a segment each way: nothing behind it tells
  EXPECT_NEAR(small.timeout_s, 2 * loss * 0.3, 1e-12);
  EXPECT_EQ(small.recovery_s, 0);
  const Trip wide =
      connection.exchange(50 * 1448, 1'000, 0);  // the last three of 50 segments, and the answer
  EXPECT_NEAR(wide.timeout_s, 4 * loss * 0.3, 1e-11);
  EXPECT_NEAR(wide.recovery_s, (std::pow(1 - loss, 3) - std::pow(1 - loss, 50)) * 0.1, 1e-14);
}

TEST(Connection, jitter_waits_for_the_latest_segment) {
  const double unlimited = std::numeric_limits<double>::infinity();  // all three leave at once
  Condition c{"", 0.1, unlimited, unlimited};
  c.jitter_s = 0.002;
  Connection connection(c, 10);
  const Trip trip = connection.exchange(1'000, 3 * 1448, 0);
  EXPECT_NEAR(trip.jitter_s, 0.002 * (1 + 1 + 1. / 2 + 1. / 3), 1e-12);
}

}  // namespace
}  // namespace splitwan::model
