// The probe over the kernel's own TCP and a delay line that says what is true. Needs root.
#include <gmock/gmock.h>

#include "engine/base/json_file.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"
#include "scenarios/probe/probe.hh"
#include "tests/fixtures/measuring_server.hh"
#include "tests/fixtures/quiet_machine.hh"

namespace splitwan::scenarios {
namespace {

using std::chrono::milliseconds;

struct Case {
  int rtt_ms;
  double up_mbit, down_mbit;
  int jitter_ms;
};

void quickly() { netsim::become_realtime(netsim::end_priority); }

ProbedPath probed(const netsim::LinkPair& pair) {
  const netsim::EmulatedLink link(pair, 1);
  std::optional<tests::MeasuringServer> server;
  link.server().run([&] { server.emplace(engine::Endpoint{netsim::server_ip, 7420}, "", false, quickly); });
  ProbedPath found;
  link.client().run([&] {
    quickly();
    found = probe_path({netsim::server_ip, 7420}, engine::make_plain_stream);
  });
  return found;
}

class KernelProbe : public testing::TestWithParam<Case> {};

TEST_P(KernelProbe, measures_the_path_as_it_was_set) {
  if (const std::string why = netsim::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  const auto [rtt_ms, up_mbit, down_mbit, jitter_ms] = GetParam();
  netsim::LinkSpec up;
  up.delay = netsim::LinkTime(milliseconds(rtt_ms)) / 2;
  up.bits_per_second = up_mbit * 1e6;
  if (jitter_ms > 0) up.jitter = {.law = netsim::JitterLaw::exponential, .scale = milliseconds(jitter_ms)};
  netsim::LinkSpec down = up;
  down.bits_per_second = down_mbit * 1e6;
  tests::on_a_quiet_machine([&] {
    const ProbedPath p = probed({up, down});
    fmt::print("{}\n", to_json(p).dump());
    const double rtt_s = rtt_ms / 1e3;
    EXPECT_LT(p.elapsed_s, rtt_ms <= 150 ? 10 : 10.5);
    if (jitter_ms > 0) {
      EXPECT_NEAR(p.jitter_s(), jitter_ms / 1e3, 0.35 * jitter_ms / 1e3);
      EXPECT_NEAR(p.rtt_s(), rtt_s, jitter_ms / 1e3);
      return;
    }
    EXPECT_NEAR(p.rtt_s(), rtt_s, 1e-3);
    EXPECT_EQ(p.jitter_s(), 0);
    EXPECT_NEAR(p.rate_bps(p.up), up_mbit * 1e6, 0.05 * up_mbit * 1e6);
    EXPECT_NEAR(p.rate_bps(p.down), down_mbit * 1e6, 0.05 * down_mbit * 1e6);
    for (const ProbedWay* way : {&p.up, &p.down}) {
      const double holds = rtt_s * (way == &p.up ? up_mbit : down_mbit) * 1e6 / 8 / 1502;  // segments
      if (holds < 20) continue;  // a first flight fills the path: nobody waits behind it
      EXPECT_EQ(way->first_window, 10u);
      if (holds < 40) continue;
      EXPECT_EQ(way->falls, true);
      EXPECT_LE(way->rested_window, rtt_ms <= 150 ? 24u : 100u);  // it halves once in rtt + 200 ms
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Links, KernelProbe,
                         testing::Values(Case{80, 100, 100, 0}, Case{40, 20, 50, 0}, Case{120, 5, 50, 0},
                                         Case{30, 2, 2, 0}, Case{250, 30, 30, 0}, Case{40, 50, 50, 8}),
                         [](const auto& info) {
                           const Case& c = info.param;
                           return fmt::format("at{}ms{:g}And{:g}MbitJitter{}ms", c.rtt_ms, c.up_mbit,
                                              c.down_mbit, c.jitter_ms);
                         });

TEST(KernelProbeOfServers, sees_a_server_that_keeps_its_window_while_it_rests) {
  if (const std::string why = netsim::why_no_link(); !why.empty()) GTEST_SKIP() << why;
  netsim::LinkSpec way;
  way.delay = milliseconds(40);
  way.bits_per_second = 50e6;
  tests::on_a_quiet_machine([&] {
    const netsim::EmulatedLink link({way, way}, 1);
    std::optional<tests::MeasuringServer> server;
    link.server().run([&] {
      std::FILE* setting = std::fopen("/proc/sys/net/ipv4/tcp_slow_start_after_idle", "w");
      ASSERT_NE(setting, nullptr);
      std::fputs("0", setting);
      std::fclose(setting);
      server.emplace(engine::Endpoint{netsim::server_ip, 7420}, "", false, quickly);
    });
    link.client().run([&] {
      quickly();
      const ProbedPath p = probe_path({netsim::server_ip, 7420}, engine::make_plain_stream);
      EXPECT_EQ(p.down.falls, false);
      EXPECT_EQ(p.up.falls, true);
    });
  });
}

}  // namespace
}  // namespace splitwan::scenarios
