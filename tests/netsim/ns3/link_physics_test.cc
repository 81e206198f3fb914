// The physics of simulated links: ideal ones exactly, ns-3's against theory and against what the Linux kernel
// does. Virtual time throughout: every figure is the same on every machine and under every load.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include "engine/base/error.hh"
#include "netsim/link/ideal_simulator.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;
using namespace std::chrono_literals;

constexpr std::uint64_t ping = 8192;       // about one decoding step of a 7B model, f16
constexpr std::uint64_t prompt = 800'000;  // about 100 positions of it
constexpr double gigabit = 1e9;

double ms(Nanos t) { return std::chrono::duration<double, std::milli>(t).count(); }

// Two parties that take turns on connection 0: party 0 sends, party 1 answers when it has everything.
class PingPong {
 public:
  explicit PingPong(std::unique_ptr<LinkSimulator> link) : link_(std::move(link)) {}

  // Time until the reply is back, in ms.
  double round(std::uint64_t up, std::uint64_t down) {
    const Nanos start = now_;
    request_ = carry(true, up);
    carry(false, down);
    return ms(now_ - start);
  }
  void idle(Nanos duration) {
    ASSERT_FALSE(link_->advance(now_ + duration));
    now_ += duration;
  }
  const Delivery& request() const { return request_; }  // the last round's

 private:
  Delivery carry(bool forward, std::uint64_t bytes) {
    link_->send(now_, 0, forward, ++id_, bytes);
    const std::optional<Delivery> delivery = link_->advance(Nanos::max());
    EXPECT_TRUE(delivery && delivery->id == id_);
    now_ = delivery.value().at;
    return *delivery;
  }

  std::unique_ptr<LinkSimulator> link_;
  Delivery request_;
  Nanos now_{0};
  std::uint64_t id_ = 0;
};

PingPong over_ns3(double bps = gigabit, const TcpSpec& tcp = {}, Nanos rtt = 80ms) {
  NetworkSpec spec = two_party_network(rtt, bps, bps);
  for (LinkSpec* link : {&spec.edges[0].forward, &spec.edges[0].backward}) link->queue_bytes = 4'000'000;
  spec.tcp = tcp;
  return PingPong(make_ns3_simulator(spec));
}

// `expected` within `percent`.
void expect_close(double found, double expected, double percent) {
  EXPECT_NEAR(found, expected, expected * percent / 100);
}

TEST(IdealLink, takes_bytes_over_rate_plus_delay_exactly) {
  auto link = make_ideal_simulator(two_party_network(80ms, 100e6, 0));
  link->send(0ns, 0, true, 1, 12'500);    // 1 ms at 100 Mbit/s
  link->send(0ns, 0, true, 2, 12'500);    // waits for the first
  link->send(0ns, 0, false, 3, 1 << 30);  // infinitely fast
  EXPECT_EQ(link->advance(1s)->at, 40ms);
  EXPECT_EQ(link->advance(1s)->at, 41ms);
  EXPECT_EQ(link->advance(1s)->at, 42ms);
  EXPECT_FALSE(link->advance(1s));
  link->send(2s, 0, true, 4, 12'500);  // the direction has long been free again
  EXPECT_FALSE(link->advance(2s + 41ms - 1ns));
  EXPECT_EQ(link->advance(2s + 41ms)->at, 2s + 41ms);  // the limit is inclusive
}

TEST(IdealLink, delivers_what_arrives_together_by_id) {
  auto link = make_ideal_simulator(mesh_network(3, {.delay = 5ms}));
  link->send(0ns, 2, true, 7, 100);
  link->send(0ns, 0, true, 8, 100);
  link->send(0ns, 1, false, 9, 100);
  for (std::uint64_t id : {7, 8, 9}) EXPECT_EQ(link->advance(1s)->id, id);
}

TEST(IdealLink, refuses_what_only_packets_can_do) {
  EXPECT_THROW(make_ideal_simulator(two_party_network(80ms, 0, 0, 0.01)), Error);
  NetworkSpec spec = two_party_network(80ms, 0, 0);
  spec.edges[0].forward.jitter = {JitterLaw::normal, 1ms};
  EXPECT_THROW(make_ideal_simulator(spec), Error);
  spec = two_party_network(80ms, 0, 0);
  spec.edges[0].backward.schedule = {{1s, {10ms, 1e6}}};
  EXPECT_THROW(make_ideal_simulator(spec), Error);
}

TEST(Ns3Link, ping_pong_is_the_round_trip_time_plus_two_serialisations) {
  expect_close(over_ns3(gigabit).round(ping, ping), 80.137, 0.05);
  expect_close(over_ns3(100e6).round(ping, ping), 81.371, 0.05);
}

TEST(Ns3Link, first_upload_needs_six_flights_of_slow_start) {
  PingPong link = over_ns3();
  expect_close(link.round(prompt, 8), 483, 1);
  EXPECT_EQ(link.request().flights, 6u);  // 10 + 20 + 40 + 80 + 160 + 243 of 553 segments
}

TEST(Ns3Link, warm_upload_fits_one_flight_until_the_connection_has_been_idle) {
  PingPong link = over_ns3();
  link.round(prompt, 8);
  expect_close(link.round(prompt, 8), 86.64, 1);
  EXPECT_EQ(link.request().flights, 1u);
  link.idle(2s);
  expect_close(link.round(prompt, 8), 483, 1);  // slow start after idle, RFC 2861
  EXPECT_EQ(link.request().flights, 6u);
}

TEST(Ns3Link, window_grows_only_when_it_limits) {
  PingPong link = over_ns3();
  for (int i = 0; i < 40; ++i) {
    link.round(ping, ping);
    EXPECT_EQ(link.request().flights, 1u);
  }
  expect_close(link.round(prompt, 8), 482, 1);
}

// As kernel 6.18 over a TUN link: 1,118 segments before and after 40 pings, with RFC 2861's rule about 12.
TEST(Ns3Link, window_stays_through_ping_pong_unless_it_decays_as_in_rfc2861) {
  for (const auto& [decay, flights] :
       std::vector<std::pair<std::string, std::uint32_t>>{{"linux", 1}, {"off", 1}, {"rfc2861", 4}}) {
    PingPong link = over_ns3(gigabit, {.app_limited_decay = decay});
    link.round(prompt, 8);
    for (int i = 0; i < 40; ++i) link.round(ping, ping);
    expect_close(link.round(140'000, 8), flights == 1 ? 81.16 : 320.2, 0.1);
    EXPECT_EQ(link.request().flights, flights) << decay;
  }
}

// RFC 896: what fills no segment waits until all before it is acknowledged, here a round trip.
TEST(Ns3Link, nagle_holds_back_the_end_of_a_message_for_a_round_trip) {
  for (const bool nagle : {false, true}) {
    PingPong link = over_ns3(gigabit, {.nagle = nagle});
    expect_close(link.round(10 * 1448, 8), 80.2, 0.2);
    expect_close(link.round(10 * 1448 + 1, 8), nagle ? 160.4 : 80.2, 0.4);
  }
}

// Kernel 6.18 over a TUN link: 260 segments after an upload of 800 KB at 200 ms and 10 Mbit/s, 563 at 80 ms
// and 100 Mbit/s; after 2 s of silence the same upload takes 1,350 and 496 ms.
TEST(Ns3Link, slow_start_ends_where_linux_has_it_end) {
  struct Cell {
    std::chrono::milliseconds rtt;
    double bps;
    std::uint32_t segments;
    double after_idle_ms;
  };
  for (const Cell& cell : {Cell{200ms, 10e6, 260, 1344.53}, Cell{80ms, 100e6, 563, 494.87}}) {
    PingPong link = over_ns3(cell.bps, {}, cell.rtt);
    link.round(prompt, 8);
    link.round(8, 8);
    EXPECT_EQ(link.request().cwnd, cell.segments * 1448);
    link.round(prompt, 8);
    link.idle(2s);
    expect_close(link.round(prompt, 8), cell.after_idle_ms, 0.5);
  }
}

// cubictcp_cong_avoid: not in congestion avoidance either.
TEST(Ns3Link, window_does_not_grow_through_ping_pong_once_slow_start_is_over) {
  PingPong link = over_ns3(10e6, {}, 200ms);
  link.round(prompt, 8);
  for (int i = 0; i < 100; ++i) link.round(ping, ping);
  EXPECT_EQ(link.request().cwnd, 260u * 1448);
  link.round(prompt, 8);
  link.round(8, 8);
  EXPECT_GT(link.request().cwnd, 260u * 1448);
}

TEST(Ns3Link, segments_fill_the_smallest_packet_unless_they_are_asked_for) {
  for (const auto& [mtu, asked, segments] :
       {std::tuple{1500u, 0u, 3u}, {9000u, 0u, 3u}, {576u, 0u, 6u}, {1500u, 100u, 30u}}) {
    NetworkSpec spec = two_party_network(80ms, gigabit, gigabit);
    spec.edges[0].backward.mtu = mtu;
    spec.tcp.segment = asked;
    auto link = make_ns3_simulator(spec);
    link->send(0ns, 0, true, 1, 3000);
    ASSERT_TRUE(link->advance(Nanos::max()));
    EXPECT_EQ(link->close().connections[0].forward.packets, segments);
  }
  EXPECT_THROW(over_ns3(gigabit, {.segment = 87}), Error);
}

TEST(Ns3Link, slow_start_after_idle_is_a_switch_as_in_linux) {
  PingPong link = over_ns3(gigabit, {.slow_start_after_idle = false});
  link.round(prompt, 8);
  link.idle(2s);
  expect_close(link.round(prompt, 8), 86.64, 1);
}

TEST(Ns3Link, a_lost_tail_waits_for_the_timeout_of_the_form_asked_for) {
  for (const auto& [form, rto_ms] :
       std::vector<std::pair<std::string, double>>{{"linux", 80 + 200}, {"rfc6298", 200}}) {
    NetworkSpec spec = two_party_network(80ms, gigabit, gigabit);
    spec.tcp.rto_form = form;
    spec.edges[0].forward.schedule = {{10s, {40ms, gigabit, 0.999999}}, {10s + 1ms, {40ms, gigabit}}};
    auto link = make_ns3_simulator(spec);
    Nanos now{};
    for (std::uint64_t id = 1; id <= 60; ++id) {
      link->send(now, 0, id % 2 == 1, id, 100);
      now = link->advance(Nanos::max()).value().at;
    }
    ASSERT_LT(now, 10s);
    link->send(10s, 0, true, 61, 100);
    EXPECT_NEAR(ms(link->advance(Nanos::max()).value().at - 10s), rto_ms + 40, 2) << form;
  }
}

TEST(Ns3Link, stock_cubic_forgets_nothing_when_idle) {
  PingPong link = over_ns3(gigabit, {.congestion = "cubic"});
  link.round(prompt, 8);
  link.idle(2s);
  expect_close(link.round(prompt, 8), 86.6, 1);
}

TEST(Ns3Link, buffers_of_its_default_size_are_no_limit_but_small_ones_are) {
  PingPong small = over_ns3(gigabit, {.buffer = 128u << 10});
  small.round(prompt, 8);
  expect_close(small.round(prompt, 8), 560, 1);  // 7 windows of 128 KiB; 86.64 with 8 MiB above
}

TEST(Ns3Link, runs_the_congestion_control_that_was_asked_for) {
  for (const auto& [name, type] :
       std::vector<std::pair<std::string, std::string>>{{"cubic-linux", "splitwan::TcpCubicLinux"},
                                                        {"cubic", "ns3::TcpCubic"},
                                                        {"reno", "ns3::TcpLinuxReno"}}) {
    NetworkSpec spec = two_party_network(80ms, gigabit, gigabit);
    spec.tcp.congestion = name;
    ProbeReport report;
    PingPong link(make_ns3_simulator(spec, &report));
    EXPECT_EQ(report.connections.at(0).congestion, type);
    EXPECT_NEAR(report.connections.at(0).rtt_s, 0.08, 1e-6);
    EXPECT_EQ(report.ns3_version, "3.37");
    EXPECT_LT(link.round(ping, 8), 90) << name;
  }
}

TEST(Ns3Link, limit_is_inclusive_and_time_stands_there_afterwards) {
  auto link = make_ns3_simulator(two_party_network(80ms, gigabit, gigabit));
  link->send(10ms, 0, true, 1, 100);
  const Nanos at = link->advance(1s).value().at;
  EXPECT_EQ(link->advance(at), std::nullopt);
  link->send(at, 0, true, 2, 100);
  const Nanos next = at + (at - 10ms);  // the same way again
  EXPECT_FALSE(link->advance(next - 1ns));
  EXPECT_EQ(link->advance(next).value().at, next);
  EXPECT_THROW(link->send(next - 1ns, 0, true, 3, 100), Error);
}

TEST(Ns3Link, directions_have_their_own_delay_and_rate) {
  NetworkSpec spec;
  spec.edges.push_back({0, 1, {10ms, gigabit}, {50ms, 10e6}});
  auto link = make_ns3_simulator(spec);
  link->send(0ns, 0, true, 1, 1000);
  link->send(0ns, 0, false, 2, 1000);
  EXPECT_NEAR(ms(link->advance(1s)->at), 10 + 1054 * 8e-6, 0.001);  // 54 bytes of headers
  EXPECT_NEAR(ms(link->advance(1s)->at), 50 + 1054 * 8e-4, 0.001);
}

TEST(Ns3Link, schedule_changes_the_link_when_and_as_it_says) {
  NetworkSpec spec = two_party_network(80ms, gigabit, gigabit);
  spec.edges[0].forward.schedule = {{100ms, {70ms, 10e6}}};
  auto link = make_ns3_simulator(spec);
  link->send(50ms, 0, true, 1, 1000);
  EXPECT_NEAR(ms(link->advance(1s)->at), 90 + 1054 * 8e-6, 0.001);
  link->send(100ms, 0, true, 2, 1000);
  EXPECT_NEAR(ms(link->advance(1s)->at), 170 + 1054 * 8e-4, 0.001);
}

TEST(Ns3Link, is_silent_while_it_is_down_and_goes_on_afterwards) {
  NetworkSpec spec = two_party_network(80ms, gigabit, gigabit);
  LinkState down{40ms, gigabit};
  down.down = true;
  spec.edges[0].forward.schedule = {{100ms, down}, {250ms, {40ms, gigabit}}};
  auto link = make_ns3_simulator(spec);
  link->send(120ms, 0, true, 1, 1000);
  EXPECT_NEAR(ms(link->advance(2s)->at), 290 + 1054 * 8e-6, 0.001);
}

// Delivery times of 200 rounds at 0.5 % loss each way.
struct LossyRun {
  std::vector<Nanos> times;
  std::uint64_t retransmits = 0;
  SimTotals totals;
};

LossyRun lossy_run(std::uint64_t seed) {
  NetworkSpec spec = two_party_network(20ms, 100e6, 100e6, 0.005);
  spec.seed = seed;
  auto link = make_ns3_simulator(spec);
  LossyRun run;
  Nanos now{0};
  for (std::uint64_t id = 0; id < 400; ++id) {
    link->send(now, 0, id % 2 == 0, id, ping);
    const Delivery delivery = link->advance(Nanos::max()).value();
    run.times.push_back(now = delivery.at);
    run.retransmits += delivery.retransmits;
  }
  run.totals = link->close();
  return run;
}

TEST(Ns3Link, loss_is_repaired_and_repeats_with_its_seed) {
  const LossyRun once = lossy_run(1), again = lossy_run(1), other = lossy_run(2);
  EXPECT_EQ(once.times, again.times);
  EXPECT_NE(once.times, other.times);
  EXPECT_GT(once.retransmits, 0u);

  const auto& [up, down] = once.totals.connections.at(0);
  EXPECT_EQ(up.bytes, 200 * ping);
  EXPECT_EQ(down.bytes, 200 * ping);
  EXPECT_LE(once.retransmits,
            up.retransmits + down.retransmits);  // the last reply's repairs may come after it
  const double lost =
      static_cast<double>(up.lost + down.lost) / static_cast<double>(up.packets + down.packets);
  EXPECT_NEAR(lost, 0.005, 0.002);
  EXPECT_EQ(up.queue_drops + down.queue_drops, 0u);
}

TEST(Ns3Link, full_queue_drops_and_tcp_repairs) {
  NetworkSpec spec = two_party_network(80ms, 10e6, 10e6);
  spec.edges[0].forward.queue_bytes = 20'000;  // a fifth of rate x RTT
  auto link = make_ns3_simulator(spec);
  link->send(0ns, 0, true, 1, prompt);
  EXPECT_GT(link->advance(Nanos::max()).value().at, 800ms);  // 690 ms is the rate's own
  EXPECT_GT(link->close().connections.at(0).forward.queue_drops, 0u);
}

TEST(Ns3Link, twenty_parties_talk_all_to_all) {
  const NetworkSpec spec = mesh_network(20, {.delay = 10ms, .bits_per_second = 100e6});
  ASSERT_EQ(spec.edges.size(), 190u);
  auto link = make_ns3_simulator(spec);
  std::uint64_t id = 0;
  for (std::uint32_t connection = 0; connection < 190; ++connection)
    for (bool forward : {true, false}) link->send(0ns, connection, forward, ++id, 1000);
  // All links are alike and idle, so all 380 arrive at one instant: by id, at the time of one.
  for (std::uint64_t expected = 1; expected <= id; ++expected) {
    const Delivery delivery = link->advance(1s).value();
    EXPECT_EQ(delivery.id, expected);
    EXPECT_NEAR(ms(delivery.at), 10 + 1054 * 8e-5, 0.001);
  }
  EXPECT_FALSE(link->advance(1s));
}

}  // namespace
}  // namespace splitwan::netsim
