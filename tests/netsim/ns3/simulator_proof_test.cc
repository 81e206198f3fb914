// The simulator proves its links before time 0, and says what it really runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using tests::error_of;

NetworkSpec wan(double loss = 0) { return two_party_network(80ms, 100e6, 20e6, loss); }

ProbeReport report_of(const NetworkSpec& spec) {
  ProbeReport report;
  make_ns3_simulator(spec, &report);
  return report;
}

json settings_of(const TcpSpec& tcp) {
  NetworkSpec spec = wan();
  spec.tcp = tcp;
  return json::parse(report_of(spec).settings);
}

TEST(SimulatorProof, measures_rtt_rate_and_loss_of_every_link) {
  const ProbeReport::Connection found = report_of(wan(0.02)).connections.at(0);
  EXPECT_NEAR(found.rtt_s, 0.08 + 38 * 8 / 100e6 + 38 * 8 / 20e6, 1e-8);  // a probe has 38 bytes
  EXPECT_NEAR(found.forward.bits_per_second, 100e6, 100);
  EXPECT_NEAR(found.backward.bits_per_second, 20e6, 20);
  EXPECT_EQ(found.forward.sent, 400u);
  EXPECT_GT(found.forward.lost, 0u);
  EXPECT_LT(found.forward.lost, 40u);
}

TEST(SimulatorProof, refuses_links_that_were_built_other_than_asked) {
  NetworkSpec spec = wan(0.02);
  spec.fault = "delay";
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: edges[0]: expected a round-trip time of 0.08001824 s as asked, found 0.0808"));
  spec.fault = "rate";
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: edges[0]: forward: expected a rate of 100000000 bit/s as asked, found 95"));
  spec.fault = "loss";
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: edges[0]: forward: expected a loss of 0.02 as asked, found 0.1"));
}

TEST(SimulatorProof, holds_for_every_kind_of_link) {
  const auto proves = [](auto change) {
    NetworkSpec spec = wan();
    change(spec.edges[0].forward);
    return error_of([&] { make_ns3_simulator(spec); });
  };
  EXPECT_EQ(proves([](LinkSpec& l) { l.bits_per_second = 1e13; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.bits_per_second = 9600; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.delay = 0ns; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.delay = 60s; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.queue_bytes = 1502, l.loss = 0.3; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.jitter = {JitterLaw::pareto, 10ms, 0.5, true}, l.loss = 0.1; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.bursts = {0.01, 0.2, 1}; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) { l.opportunities = {1ms, 1ms, 4ms, 9ms, 30ms}; }), "");
  EXPECT_EQ(proves([](LinkSpec& l) {
              l.down = true;
              l.schedule = {{10s, {1ms, 1e6}}};
            }),
            "");
}

TEST(SimulatorProof, refuses_a_link_that_stays_down) {
  NetworkSpec spec = wan();
  spec.edges[0].backward.down = true;
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: edges[0]: backward: expected a link that is up in the end"));
  spec = wan();
  spec.edges[0].forward.delay = -1ms;
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: edges[0]: forward: delay_ns: expected a whole number from 0 to 3600000000000, "
                        "found -1000000"));
}

TEST(SimulatorProof, says_which_tcp_it_runs_as_read_back_from_the_socket) {
  const json linux_rules = settings_of({});
  EXPECT_EQ(linux_rules["congestion"], "splitwan::TcpCubicLinux");
  EXPECT_EQ(linux_rules["comparable_with_linux"], true);
  EXPECT_EQ(linux_rules["slow_start_after_idle"], true);
  EXPECT_EQ(linux_rules["app_limited_decay"], "linux");
  EXPECT_EQ(linux_rules["rto_form"], "linux");
  EXPECT_EQ(linux_rules["delayed_ack_segments"], 1);
  EXPECT_EQ(linux_rules["nagle"], false);
  EXPECT_EQ(settings_of({.nagle = true})["nagle"], true);

  TcpSpec tcp;
  tcp.rto_form = "rfc6298";
  tcp.initial_window = 4;
  tcp.buffer = 1 << 20;
  tcp.segment = 1000;
  tcp.min_rto = 300ms;
  tcp.delayed_ack_segments = 2;
  tcp.delayed_ack_timeout = 25ms;
  tcp.slow_start_after_idle = false;
  tcp.app_limited_decay = "rfc2861";
  const json others = settings_of(tcp);
  EXPECT_EQ(others["rto_form"], "rfc6298");
  EXPECT_EQ(others["initial_window"], 4);
  EXPECT_EQ(others["send_buffer_bytes"], 1 << 20);
  EXPECT_EQ(others["segment_bytes"], 1000);
  EXPECT_EQ(others["min_rto_s"], 0.3);
  EXPECT_EQ(others["delayed_ack_segments"], 2);
  EXPECT_EQ(others["delayed_ack_timeout_s"], 0.025);
  EXPECT_EQ(others["slow_start_after_idle"], false);
  EXPECT_EQ(others["app_limited_decay"], "rfc2861");

  EXPECT_EQ(settings_of({.congestion = "reno"})["comparable_with_linux"], false);
}

TEST(SimulatorProof, refuses_a_tcp_it_does_not_have) {
  NetworkSpec spec = wan();
  spec.tcp.app_limited_decay = "sometimes";
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: tcp: app_limited_decay: expected off, linux or rfc2861, found \"sometimes\""));
  spec = wan();
  spec.tcp.congestion = "bbr";  // 27 round trips for what takes one
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: tcp: congestion: expected cubic-linux, cubic or reno, found \"bbr\""));
}

TEST(SimulatorProof, captures_packets_on_request) {
  const tests::TemporaryFolder folder;
  NetworkSpec spec = wan();
  spec.pcap = folder / "run";
  auto link = make_ns3_simulator(spec);
  link->send(0ns, 0, true, 1, 100'000);
  ASSERT_TRUE(link->advance(10s));
  const SimTotals totals = link->close();
  for (const char* end : {"-edge0-party0.pcap", "-edge0-party1.pcap"})
    EXPECT_GT(std::filesystem::file_size(folder / ("run" + std::string(end))), 100'000u);
  const WireTotals& up = totals.connections.at(0).forward;
  EXPECT_EQ(up.busy.count(), std::llround((100'000 + 70 * 54) * 8e9 / 100e6));  // 70 segments
  EXPECT_GE(up.most_queued, 9 * 1502u);                                         // the initial window but one
  EXPECT_GT(totals.elapsed, 80ms);

  spec.pcap = folder / "absent/run";
  EXPECT_THAT(error_of([&] { make_ns3_simulator(spec); }),
              HasSubstr("open: pcap: expected a path that can be written"));
}

}  // namespace
}  // namespace splitwan::netsim
