// The delay line carries the kernel's own TCP as the link's arithmetic says. Needs root.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "engine/base/error.hh"
#include "netsim/kernel/delay_line.hh"
#include "netsim/kernel/emulated_link.hh"
#include "netsim/kernel/kernel_tcp.hh"
#include "tests/fixtures/quiet_machine.hh"

namespace splitwan::netsim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using tests::on_a_quiet_machine;

LinkPair both_ways(milliseconds rtt, double mbit, double loss = 0) {
  LinkSpec spec;
  spec.delay = LinkTime(rtt) / 2;
  spec.bits_per_second = mbit * 1e6;
  spec.queue_bytes = 4 << 20;
  spec.loss = loss;
  return {spec, spec};
}

// 1,448 bytes of data in a segment; 54 around it: IP and TCP with time stamps, PPP.
double wire_s(double bytes, double mbit) { return 8 * (bytes + 54 * std::ceil(bytes / 1448)) / (mbit * 1e6); }

class TunLink : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_link(); !why.empty()) GTEST_SKIP() << why;
  }

  // Calls `client` with a connection to a server that answers, and leaves the report of that time.
  template <typename Client>
  void measure(const LinkPair& pair, Client&& client, LinkEngine engine = LinkEngine::tun) {
    EmulatedLink link(pair, 1, engine);
    std::unique_ptr<KernelListener> listener;
    link.server().run([&] { listener = std::make_unique<KernelListener>(server_ip); });
    link.run(
        [&] {
          become_realtime(end_priority);
          KernelConnection connection(server_ip, listener->port());
          client(connection);
          connection.end_service();
        },
        [&] {
          become_realtime(end_priority);
          listener->serve();
        });
    report = link.report();
  }

  LinkReport report;
};

double median_ping_s(KernelConnection& connection, int rounds) {
  std::vector<LinkTime> times;
  times.reserve(rounds);
  for (int i = 0; i < rounds; ++i) times.push_back(connection.exchange(8192, 8192));
  std::sort(times.begin(), times.end());
  return std::chrono::duration<double>(times[times.size() / 2]).count();
}

struct Case {
  int rtt_ms;
  double mbit;
};

class TunLinkPing : public TunLink, public testing::WithParamInterface<Case> {};

TEST_P(TunLinkPing, takes_one_round_trip_and_the_time_to_serialise_both_ways) {
  const auto [rtt, mbit] = GetParam();
  on_a_quiet_machine([&] {
    double median = 0;
    measure(both_ways(milliseconds(rtt), mbit), [&](KernelConnection& c) { median = median_ping_s(c, 15); });
    const double theory = rtt / 1e3 + 2 * wire_s(8192, mbit);
    EXPECT_NEAR(median, theory, std::max(0.015 * theory, 0.5e-3));
  });
}

INSTANTIATE_TEST_SUITE_P(Links, TunLinkPing, testing::Values(Case{20, 10}, Case{20, 1000}, Case{80, 100}),
                         [](const auto& info) {
                           return fmt::format("at{}msAnd{:.0f}Mbit", info.param.rtt_ms, info.param.mbit);
                         });

TEST_F(TunLink, a_first_upload_takes_the_flights_of_slow_start_and_a_warm_one_takes_one) {
  on_a_quiet_machine([&] {
    double first = 0, warm = 0;
    measure(both_ways(milliseconds(40), 100), [&](KernelConnection& c) {
      first = std::chrono::duration<double>(c.exchange(64'000, 8)).count();
      warm = std::chrono::duration<double>(c.exchange(64'000, 8)).count();
    });
    // 45 segments in windows of 10, 20 and the 15 that are left.
    EXPECT_NEAR(first, 3 * 0.040 + wire_s(15 * 1448, 100), 0.04 * first);
    EXPECT_NEAR(warm, 0.040 + wire_s(64'000, 100), 0.04 * warm);
  });
}

TEST_F(TunLink, the_window_of_a_sender_that_pauses_less_than_the_timeout_stays) {
  on_a_quiet_machine([&] {
    std::uint32_t after_upload = 0, after_pings = 0;
    measure(both_ways(milliseconds(20), 1000), [&](KernelConnection& c) {
      c.exchange(800'000, 8);
      after_upload = c.window();
      for (int i = 0; i < 30; ++i) c.exchange(8192, 8192);  // 600 ms: nearly three times the timeout
      after_pings = c.window();
    });
    EXPECT_GT(after_upload, 250u);
    EXPECT_EQ(after_pings, after_upload);
  });
}

TEST_F(TunLink, packets_are_lost_as_often_as_asked_and_the_data_arrives_all_the_same) {
  measure(both_ways(milliseconds(4), 1000, 0.02), [&](KernelConnection& c) {
    for (int i = 0; i < 6; ++i) c.exchange(800'000, 8);
  });
  const auto packets = static_cast<double>(report.up.packets);
  const double deviation = std::sqrt(packets * 0.02 * 0.98);
  EXPECT_GT(packets, 3000);
  EXPECT_NEAR(static_cast<double>(report.up.lost), 0.02 * packets, 5 * deviation);
}

TEST_F(TunLink, many_seconds_of_traffic_do_not_run_into_the_kernels_limit_for_real_time_threads) {
  LinkTime longest = LinkTime::max();
  on_a_quiet_machine([&] {
    measure(both_ways(milliseconds(20), 100), [&](KernelConnection& c) { c.exchange(20'000'000, 8); });
    longest = std::min(longest, report.lateness.max);
    EXPECT_LT(report.lateness.max, milliseconds(40));
    EXPECT_GT(report.up.busy, 0.9 * report.elapsed);
  });
  EXPECT_LT(longest, milliseconds(40));  // it would stand still for 50 ms, in every attempt
}

using Ns3Link = TunLink;

TEST_F(Ns3Link, carries_pings_and_uploads_as_the_delay_line_does) {
  if (!std::filesystem::exists(
          std::filesystem::read_symlink("/proc/self/exe").replace_filename("splitwan-link-ns3")))
    GTEST_SKIP() << "built without ns-3";
  on_a_quiet_machine([&] {
    double ping = 0, warm = 0;
    measure(
        both_ways(milliseconds(20), 50),
        [&](KernelConnection& c) {
          ping = median_ping_s(c, 15);
          c.exchange(800'000, 8);
          warm = std::chrono::duration<double>(c.exchange(800'000, 8)).count();
        },
        LinkEngine::ns3);
    EXPECT_NEAR(ping, 0.020 + 2 * wire_s(8192, 50), 1e-3);
    EXPECT_NEAR(warm, 0.020 + wire_s(800'000, 50), 0.05 * warm);
    EXPECT_GT(report.up.packets, 1100u);
  });
}

TEST_F(Ns3Link, refuses_what_it_cannot_keep_up_with) {
  try {
    EmulatedLink link(both_ways(milliseconds(20), 1000), 1, LinkEngine::ns3);
    FAIL() << "it was taken";
  } catch (const engine::Error& e) {
    EXPECT_NE(std::string(e.what()).find("a rate to 100 Mbit/s, found 1000 Mbit/s; use --engine tun"),
              std::string::npos)
        << e.what();
  }
}

TEST_F(TunLink, passes_on_what_the_client_throws) {
  EmulatedLink link(both_ways(milliseconds(2), 100));
  try {
    link.run([] { throw engine::Error("the client's own words"); }, [] {});
    FAIL() << "nothing was thrown";
  } catch (const engine::Error& e) {
    EXPECT_STREQ(e.what(), "the client's own words");
  }
}

TEST(Lateness, has_its_mean_its_maximum_and_its_percentile_to_three_percent) {
  Lateness lateness;
  for (int us = 1; us <= 1000; ++us) lateness.add(microseconds(us));
  EXPECT_EQ(lateness.mean(), LinkTime(500'500));
  EXPECT_EQ(lateness.max(), microseconds(1000));
  EXPECT_NEAR(static_cast<double>(lateness.percentile(0.99).count()), 990e3, 0.032 * 990e3);
  EXPECT_EQ(lateness.packets(), 1000u);
}

}  // namespace
}  // namespace splitwan::netsim
