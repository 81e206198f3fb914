// Other people's split sessions on the same simulated link: what they cost us, and that they are in nothing
// else that we are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "netsim/link/ideal_simulator.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::error_of;

constexpr std::uint64_t row = 8192;
constexpr int rounds = 60;

NetworkSpec shared(Nanos rtt, double bps, std::uint32_t count) {
  NetworkSpec spec = two_party_network(rtt, bps, bps);
  spec.edges[0].sessions.count = count;
  return spec;
}

struct Told {
  std::vector<Nanos> rounds;  // each begins so long after the one before
  SimTotals totals;
};

// The same loop that the others are in by default.
Told loop_over(const NetworkSpec& spec) {
  const auto link = make_ns3_simulator(spec);
  Told told;
  std::uint64_t id = 0;
  for (Nanos now{0}, begun{0}; told.rounds.size() < rounds; begun = now) {
    link->send(now, 0, true, ++id, row);
    now = link->advance(Nanos::max()).value().at + 20ms;
    link->send(now, 0, false, ++id, row);
    now = link->advance(Nanos::max()).value().at + 10ms;
    told.rounds.push_back(now - begun);
  }
  told.totals = link->close();
  return told;
}

double ms(Nanos t) { return std::chrono::duration<double, std::milli>(t).count(); }

// Of the second half of the rounds, ms: their beginning is over.
double steady_round(const Told& told) {
  const Nanos sum = std::accumulate(told.rounds.begin() + rounds / 2, told.rounds.end(), Nanos{});
  return 2 * ms(sum) / rounds;
}

TEST(OtherSessions, cost_nothing_on_a_fast_link) {
  const double alone = steady_round(loop_over(shared(80ms, 1e9, 0)));
  const double beside_one = steady_round(loop_over(shared(80ms, 1e9, 1)));
  EXPECT_GE(beside_one, alone - 1e-4);
  EXPECT_LT(beside_one, alone + 2 * 8.0 * (row + 6 * 54) / 1e9 * 1e3);  // one message met each way
}

// Eight loops of 70 ms and 35 ms of sending each way: the link is never idle, and each has an eighth of it.
TEST(OtherSessions, share_a_slow_link_in_equal_parts) {
  constexpr double sent_ms = 8.0 * (row + 6 * 54 + 6 * 54) / 2e6 * 1e3;  // segments, and acknowledgements
  const double alone = steady_round(loop_over(shared(40ms, 2e6, 0)));
  const Told eighth = loop_over(shared(40ms, 2e6, 7));
  EXPECT_LT(alone, 140);
  EXPECT_NEAR(steady_round(eighth), 8 * sent_ms, 0.01 * 8 * sent_ms);
  const auto& up = eighth.totals.connections[0].forward;
  EXPECT_GT(ms(up.busy) / ms(eighth.totals.elapsed), 0.97);
}

TEST(OtherSessions, are_in_the_links_totals_and_not_in_our_connections) {
  const SimTotals alone = loop_over(shared(40ms, 2e6, 0)).totals;
  const SimTotals beside = loop_over(shared(40ms, 2e6, 7)).totals;
  for (const auto way : {&SimTotals::Connection::forward, &SimTotals::Connection::backward}) {
    const WireTotals &ours = beside.connections[0].*way, &expected = alone.connections[0].*way;
    EXPECT_EQ(ours.bytes, rounds * row);
    EXPECT_NEAR(static_cast<double>(ours.packets), static_cast<double>(expected.packets), 2);  // at the end
    EXPECT_EQ(ours.queue_drops, 0u);
    EXPECT_EQ(ours.retransmits, 0u);
    EXPECT_GT(ours.busy, 7 * expected.busy);
  }
  const auto& [up, down] = beside.connections[0];
  EXPECT_GT(up.most_queued + down.most_queued, 3 * row);
}

TEST(OtherSessions, drop_our_packets_where_the_queue_is_shallow) {
  NetworkSpec spec = shared(40ms, 2e6, 7);
  spec.edges[0].forward.queue_bytes = spec.edges[0].backward.queue_bytes = 20'000;
  const SimTotals totals = loop_over(spec).totals;
  EXPECT_GT(totals.connections[0].forward.queue_drops, 0u);
  EXPECT_GT(totals.connections[0].forward.retransmits, 0u);
}

TEST(OtherSessions, go_the_same_way_each_time_and_another_with_another_seed) {
  NetworkSpec spec = shared(35ms, 5e6, 3);
  spec.edges[0].forward.loss = 0.01;
  end_idle_simulators();
  const Told fresh = loop_over(spec), used = loop_over(spec);
  EXPECT_EQ(fresh.rounds, used.rounds);
  EXPECT_EQ(fresh.totals.events, used.totals.events);
  EXPECT_EQ(fresh.totals.connections[0].forward.busy, used.totals.connections[0].forward.busy);
  NetworkSpec phases = shared(40ms, 2e6, 7);  // nothing else is chance's
  const Told first = loop_over(phases);
  phases.seed = 2;
  EXPECT_NE(first.rounds, loop_over(phases).rounds);
}

TEST(OtherSessions, have_their_clients_where_the_links_first_party_is) {
  NetworkSpec spec = shared(40ms, 2e6, 3);
  spec.edges[0].backward.bits_per_second = 20e6;
  spec.edges[0].sessions.up = 20'000;
  NetworkSpec turned = spec;
  std::swap(turned.edges[0].a, turned.edges[0].b);
  EXPECT_EQ(loop_over(spec).rounds, loop_over(turned).rounds);
}

TEST(OtherSessions, are_none_of_our_messages_under_way) {
  const auto link = make_ns3_simulator(shared(40ms, 2e6, 2));
  EXPECT_FALSE(link->advance(Nanos::max())) << "though they never end";
}

TEST(OtherSessions, first_ask_within_a_round_of_time_zero) {
  const OtherSessions others{.count = 50, .held = 20ms, .pause = 10ms};
  const auto moments = engine::first_requests(others, 40ms, 3, 0);
  ASSERT_EQ(moments.size(), 50u);
  for (const LinkTime t : moments) EXPECT_TRUE(t >= 0ms && t < 70ms) << t.count();
  const LinkTime mean = std::accumulate(moments.begin(), moments.end(), LinkTime{}) / 50;
  EXPECT_NEAR(ms(mean), 35, 4 * 70 / std::sqrt(12.0 * 50));
  EXPECT_EQ(moments, engine::first_requests(others, 40ms, 3, 0));
  EXPECT_NE(moments, engine::first_requests(others, 40ms, 4, 0));
  EXPECT_NE(moments, engine::first_requests(others, 40ms, 3, 1));
}

TEST(OtherSessions, that_make_no_sense_are_refused_by_name) {
  EXPECT_THAT(error_of([] { make_ns3_simulator(shared(40ms, 2e6, 101)); }),
              HasSubstr("open: edges[0]: sessions: count: expected a whole number from 1 to 100, found 101"));
  NetworkSpec mute = shared(40ms, 2e6, 1);
  mute.edges[0].sessions.down = 0;
  EXPECT_THAT(
      error_of([&] { make_ns3_simulator(mute); }),
      HasSubstr("open: edges[0]: sessions: down_bytes: expected a whole number from 1 to 1000000000"));
  EXPECT_THAT(
      error_of([] { make_ideal_simulator(shared(40ms, 2e6, 1)); }),
      HasSubstr("edge 0: expected an ideal link to have a delay and a rate only, found other sessions"));
}

}  // namespace
}  // namespace splitwan::netsim
