// Theory against ns-3 in every loss-free cell of the cross-validation: that ns-3 carries out the window rules
// that both were given. Each has its own code for them, but the same people wrote both from the same kernel
// sources: whether Linux does so is for VALIDATION.md's kernel runs.
#include "netsim/link/flight_theory.hh"

#include <gtest/gtest.h>

#include <map>

#include "engine/base/error.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/ns3/ns3_simulator.hh"

namespace splitwan::netsim {
namespace {

using engine::seconds;

using namespace std::chrono_literals;

NetworkSpec cell(int rtt_ms, double mbit) {
  NetworkSpec spec = two_party_network(rtt_ms * 1ms, mbit * 1e6, mbit * 1e6);
  for (LinkSpec* link : {&spec.edges[0].forward, &spec.edges[0].backward}) link->queue_bytes = 4'000'000;
  return spec;
}

void expect_theory_in_every_cell(const std::string& decay) {
  for (int rtt_ms : {20, 80, 200})
    for (double mbit : {10.0, 100.0, 1000.0}) {
      for (const TrafficPattern& pattern : validation_patterns()) {
        NetworkSpec spec = cell(rtt_ms, mbit);
        spec.tcp.app_limited_decay = decay;
        const double ns3 = seconds(time_pattern(*make_ns3_simulator(spec), pattern));
        const double theory = theory_of(pattern, spec.edges[0], spec.tcp);
        const double percent = pattern.name == "pingpong_8k" ? 0.05 : 1;
        EXPECT_NEAR(ns3, theory, theory * percent / 100)
            << pattern.name << " at " << rtt_ms << " ms, " << mbit << " Mbit/s, decay " << decay;
      }
    }
}

TEST(FlightTheory, agrees_with_ns3_in_every_loss_free_cell) { expect_theory_in_every_cell("linux"); }

TEST(FlightTheory, agrees_with_ns3_where_the_window_decays_as_in_rfc2861) {
  expect_theory_in_every_cell("rfc2861");
}

TEST(FlightTheory, says_what_the_reference_measured) {
  const NetworkSpec spec = cell(80, 1000);
  const std::map<std::string, double> expected_ms = {
      {"pingpong_8k", 80.137},      {"upload_800k_first", 482.98}, {"upload_800k_warm", 86.64},
      {"upload_800k_idle", 482.98}, {"decay_140k", 81.163},        {"decay_800k", 86.64}};
  for (const TrafficPattern& pattern : validation_patterns()) {
    const auto it = expected_ms.find(pattern.name);
    if (it == expected_ms.end()) continue;
    EXPECT_NEAR(theory_of(pattern, spec.edges[0], spec.tcp) * 1e3, it->second, 0.01) << pattern.name;
  }
}

TEST(FlightTheory, decay_as_in_rfc2861_costs_a_wide_step_four_flights) {
  NetworkSpec spec = cell(80, 1000);
  spec.tcp.app_limited_decay = "rfc2861";
  FlightTheory theory(spec.edges[0], spec.tcp);
  theory.exchange({800'000, 8});
  EXPECT_NEAR(theory.window(true), 562, 1);
  for (int i = 0; i < 40; ++i) theory.exchange({8192, 8192});
  EXPECT_NEAR(theory.window(true), 12, 1);
  EXPECT_NEAR(theory.exchange({140'000, 8}), 0.3202, 0.0005);  // 12 + 24 + 48 + 13 of 97 segments
}

TEST(FlightTheory, refuses_what_it_says_nothing_about) {
  NetworkSpec spec = cell(80, 1000);
  spec.edges[0].backward.loss = 0.005;
  EXPECT_THROW(FlightTheory(spec.edges[0], {}), engine::Error);
  EXPECT_THROW(FlightTheory(cell(80, 1000).edges[0], {.congestion = "bbr"}), engine::Error);
}

}  // namespace
}  // namespace splitwan::netsim
