// The model's connection against netsim's theory, which counts segments where it counts flights.
#include "model/path/connection.hh"

#include <gtest/gtest.h>

#include <algorithm>
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

double network_s(const Waits& t) { return t.rtt_s + t.wire_s; }

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
  EXPECT_NEAR(network_s(connection.exchange(64'000, 64, 0)), first, 1e-5);
}

TEST(Connection, unlimited_rates_cost_round_trips_alone) {
  const double unlimited = std::numeric_limits<double>::infinity();
  Connection connection({"", 0.1, unlimited, unlimited}, 10);
  const Waits trip = connection.exchange(8'192, 8'192, 0);
  EXPECT_EQ(trip.wire_s, 0);
  EXPECT_NEAR(trip.rtt_s, 0.1, 1e-12);
}

TEST(Connection, a_loss_at_a_messages_end_costs_a_timeout_and_one_before_a_round_trip) {
  const double loss = 0.01, segments = 2;
  double small = 0, wide_recovery = 0, wide_timeout = 0;
  const int trips = 200;
  Connection single({"", 0.1, 1e9, 1e9, loss}, 100, {}, {64});
  Connection wide({"", 0.1, 1e9, 1e9, loss}, 100, {}, {64});
  for (int i = 0; i < trips; ++i) {
    const Waits one = single.exchange(1'000, 1'000, 0);  // a segment each way: nothing behind it tells
    small += one.loss_s() / trips;
    EXPECT_EQ(one.jitter_s, 0);
    const Waits many = wide.exchange(50 * 1448, 1'000, 0);
    wide_recovery += many.recovery_s / trips;
    wide_timeout += many.timeout_s / trips;
  }
  // A timeout is the round trip and 200 ms, and doubles where the repetition is lost as well.
  EXPECT_NEAR(small, segments * loss * 0.3, 0.15 * segments * loss * 0.3);
  EXPECT_GT(wide_recovery, 0.3 * 0.1);  // most of 50 segments have three behind them: a round trip, and more
                                        // for the window that it closes
  EXPECT_GT(wide_timeout, 3 * loss * 0.3);
}

TEST(Connection, jitter_waits_for_the_latest_segment) {
  const double unlimited = std::numeric_limits<double>::infinity();  // all three leave at once
  Condition c{"", 0.1, unlimited, unlimited};
  c.jitter_s = 0.002;
  Connection connection(c, 10, {}, {4000});
  connection.exchange(100, 100, 0);
  connection.rest(0.05);  // else the acknowledgement before them holds them up
  const Waits trip = connection.exchange(1'000, 3 * 1448, 0.05);
  const double expected = 0.002 * (1 + 1 + 1. / 2 + 1. / 3);
  EXPECT_NEAR(trip.jitter_s, expected, 0.05 * expected);
}

TEST(Connection, a_full_queue_drops_and_says_so) {
  Condition c{"", 0.035, 25e6, 25e6};
  engine::LinkSpec shallow;
  shallow.queue_bytes = 27'000;  // a quarter of what is under way
  c.details = Details(shallow, shallow, engine::TcpSpec());
  Connection full(c, 10);
  c.details = Details({}, {}, engine::TcpSpec());
  Connection deep(c, 10);
  double resent = 0, full_s = 0, deep_s = 0;
  for (int i = 0; i < 20; ++i) {
    const Waits w = full.exchange(200'000, 200'000, 0.01);
    resent += w.resent;
    full_s += w.total_s();
    deep_s += deep.exchange(200'000, 200'000, 0.01).total_s();
  }
  EXPECT_GT(resent, 10);
  EXPECT_GT(full_s, 1.2 * deep_s);
}

TEST(Connection, of_a_link_with_other_sessions_waits_for_them_by_chance_where_it_is_slow) {
  const auto step = [](double bps) {
    Condition c{"", 0.04, bps, bps};
    c.details = Details({}, {}, engine::TcpSpec(), {7});
    Connection connection(c, 10, {}, {.many = 32});
    EXPECT_TRUE(connection.by_chance());
    Waits last;
    double spread_s = 0;
    for (int i = 0; i < 10; ++i) {
      last = connection.exchange(8192, 8192, 0.013);
      connection.rest(0.03);
      const auto [least, most] = std::ranges::minmax(connection.by_world());
      spread_s = std::max(spread_s, most - least);
    }
    return std::pair(last.jitter_s, spread_s);
  };
  const auto [slow_s, slow_spread_s] = step(2e6);
  EXPECT_GT(slow_s, 0.1);
  EXPECT_GT(slow_spread_s, 0.05);
  const auto [fast_s, fast_spread_s] = step(1e9);
  EXPECT_LT(fast_s, 1e-4);
  EXPECT_LT(fast_spread_s, 5e-4);
}

TEST(Connection, chunks_of_a_prompt_are_sent_without_waiting) {
  const Condition c{"", 0.1, 100e6, 100e6};
  const engine::Exchange chunk{.rows = 128,
                               .bytes_up = 50'000,
                               .bytes_down = 50'000,
                               .lead_s = 0.001,
                               .tail_s = 0.001,
                               .held_s = 0.01};
  const std::vector<engine::Exchange> four(4, chunk);
  Connection together(c, 10), one_by_one(c, 10);
  const double joined_s = together.exchange(four).total_s();
  double apart_s = 0;
  for (const engine::Exchange& e : four) apart_s += one_by_one.exchange({&e, 1}).total_s();
  EXPECT_LT(joined_s, 0.7 * apart_s);
}

}  // namespace
}  // namespace splitwan::model
