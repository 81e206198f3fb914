// Links that no header states, against the links that made the traces.
#include "model/fit/live.hh"

#include <gmock/gmock.h>

#include "model/fit/latency_model.hh"
#include "model/fit/live_link.hh"
#include "model/path/link.hh"
#include "model/path/random.hh"
#include "tests/fixtures/trace_fixture.hh"

namespace splitwan::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Nanos nanos(double s) { return Nanos(std::llround(s * 1e9)); }

// As a client alone would record it, over a link that nobody stated. TCP's own spread is its bursts'.
engine::Run live(engine::Run run, const std::string& file) {
  const Condition link = condition_of(run.header.network);
  run.header.network = {"sockets", {}, {}, {}};
  run.header.network.live = true;
  run.file = file;
  std::erase_if(run.spans, [](auto& s) { return s.party == 1; });
  for (engine::Span& s : run.spans) {
    if (s.op != engine::Op::recv) continue;
    s.tcp = {.rtt = nanos(link.rtt_s), .rtt_spread = nanos(8e-3), .window = 10};
    if (s.bytes <= segment_bytes) continue;
    s.tcp.came = s.bytes - static_cast<std::uint64_t>(segment_bytes);
    s.tcp.coming = nanos(wire_s(static_cast<double>(s.tcp.came), link.down_bps));
  }
  return run;
}

std::vector<engine::Run> live(const std::vector<engine::Run>& runs, const std::string& file) {
  std::vector<engine::Run> all;
  all.reserve(runs.size());
  for (const engine::Run& run : runs) all.push_back(live(run, file));
  return all;
}

std::vector<engine::Run> both(std::vector<engine::Run> a, const std::vector<engine::Run>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

tests::World world(double rtt_s, double up_bps) {
  tests::World w{.rtts_s = {rtt_s}, .rates_bps = {up_bps}};
  w.overhead_s = 0.2e-3;
  return w;
}

// What the packets of a message that jitters are late by in sum, in order.
double late_s(double bytes, double bps, double jitter_s, std::mt19937_64& random) {
  const double each_s = wire_s(segment_bytes, bps), n = std::ceil(bytes / segment_bytes);
  double arrived_s = 0;
  for (double k = 0; k < n; ++k)
    arrived_s = std::max(arrived_s, k * each_s - jitter_s * std::log(1 - uniform(random)));
  return arrived_s - (n - 1) * each_s;
}

LiveLink measured(const std::vector<engine::Run>& runs, double jitter_s = 0) {
  auto steps = observe(runs);
  std::mt19937_64 random(7);
  for (Observation& o : steps) {
    if (jitter_s == 0 || o.prefill) continue;
    o.network_s += late_s(o.bytes_up, 20e6, jitter_s, random) + late_s(o.bytes_down, 40e6, jitter_s, random);
  }
  return live_link(by_run(steps));
}

TEST(LiveLink, replies_show_the_rate_down_and_what_is_left_of_the_waits_the_rate_up) {
  for (const auto& [rtt_s, up_bps] : {std::pair{0.040, 50e6}, {0.120, 5e6}, {0.040, 3e6}, {0.080, 1e6}}) {
    const LiveLink link = measured(live(tests::synthesise(world(rtt_s, up_bps)), "a"));
    EXPECT_NEAR(link.rtt_s, rtt_s, 0.02 * rtt_s);
    EXPECT_NEAR(link.up_bps, up_bps, 0.03 * up_bps);
    EXPECT_NEAR(link.down_bps, 2 * up_bps, 0.03 * 2 * up_bps);
  }
}

TEST(LiveLink, what_ones_own_bursts_do_to_tcps_spread_is_no_jitter) {
  for (const double up_bps : {3e6, 50e6})
    EXPECT_EQ(measured(live(tests::synthesise(world(0.040, up_bps)), "a")).jitter_s, 0);
}

TEST(LiveLink, jitter_is_how_much_small_exchanges_scatter) {
  for (const double jitter_s : {2e-3, 10e-3})
    EXPECT_NEAR(measured(live(tests::synthesise(world(0.080, 20e6)), "a"), jitter_s).jitter_s, jitter_s,
                0.2 * jitter_s);
}

// As probes of the idle connection would have found it; every reply tells of one.
std::vector<engine::Run> probed(std::vector<engine::Run> runs, double rtt_s, double jitter_s,
                                std::uint32_t lost_per_reply = 0) {
  std::mt19937_64 random(5);
  for (engine::Run& run : runs) {
    std::uint32_t lost = 0;
    for (engine::Span& s : run.spans) {
      if (s.op != engine::Op::recv || s.step < 2) continue;
      const double late = -std::log((1 - uniform(random)) * (1 - uniform(random)));
      s.tcp.probe = nanos(rtt_s + jitter_s * late);
      s.tcp.probe_bytes = 128;
      s.tcp.peer_retransmits = lost += lost_per_reply;
    }
  }
  return runs;
}

TEST(LiveLink, probes_of_the_idle_connection_tell_jitter_from_what_steps_wait_for) {
  const auto runs = live(tests::synthesise(world(0.080, 20e6)), "a");
  // The steps scatter by something else, the path does not; and the other way round.
  EXPECT_NEAR(measured(runs, 5e-3).jitter_s, 5e-3, 1e-3);
  EXPECT_EQ(measured(probed(runs, 0.080, 0), 5e-3).jitter_s, 0);
  EXPECT_NEAR(measured(probed(runs, 0.080, 5e-3)).jitter_s, 5e-3, 0.7e-3);
  // Programs that are woken late, on a path whose acknowledgements come on time.
  auto busy = probed(runs, 0.080, 5e-3);
  for (engine::Run& run : busy)
    for (engine::Span& s : run.spans) s.tcp.rtt_spread = std::min(s.tcp.rtt_spread, nanos(0.1e-3));
  EXPECT_EQ(measured(busy).jitter_s, 0);
}

TEST(LiveLink, losses_on_the_way_down_are_what_the_server_said_or_unknown) {
  const auto runs = live(tests::synthesise(world(0.080, 20e6)), "a");
  EXPECT_FALSE(measured(runs).loss_down);
  EXPECT_EQ(measured(probed(runs, 0.080, 0)).loss_down, 0);
  const auto lossy = probed(runs, 0.080, 0, 1);
  EXPECT_GT(measured(lossy).loss_down, 0.1);  // one a reply of a few segments
  EXPECT_EQ(measured(lossy).loss_up, 0);
  const Study study = study_of(lossy);
  EXPECT_EQ(study.steps[0].condition.loss_up(), 0);
  EXPECT_EQ(study.steps[0].condition.loss_down(), *measured(lossy).loss_down);
}

TEST(LiveLinks, whose_way_down_nobody_counted_say_so_where_the_way_up_loses) {
  auto runs = live(tests::synthesise(world(0.080, 20e6)), "a");
  EXPECT_THAT(study_of(runs).steps[0].condition.apart, IsEmpty());
  for (engine::Span& s : runs[0].spans)
    if (s.op == engine::Op::recv && s.step == 3) s.retransmits = 2;
  EXPECT_THAT(study_of(runs).steps[0].condition.apart,
              ElementsAre(HasSubstr("losses on the way down were not counted")));
}

TEST(LiveLinks, are_measured_once_and_are_then_what_every_figure_says) {
  const auto runs = live(tests::synthesise(world(0.040, 20e6)), "a");
  const Study study = study_of(runs);
  const LatencyModel model = fit(fittable(study));
  ASSERT_EQ(model.conditions.size(), 1u);
  EXPECT_EQ(model.conditions[0].condition, study.steps[0].condition);
  EXPECT_EQ(fit(fittable(Study(runs))).conditions[0].condition, study.steps[0].condition);
}

TEST(LiveLink, scatter_of_a_busy_machine_is_no_jitter) {
  EXPECT_EQ(measured(live(tests::synthesise(world(0.080, 20e6)), "a"), 0.05e-3).jitter_s, 0);
}

TEST(LiveLinks, of_one_round_trip_and_different_rates_are_two_and_a_warning_names_both) {
  const auto fast = tests::synthesise(world(0.040, 50e6)), slow = tests::synthesise(world(0.040, 3e6));
  const LatencyModel model = fit(both(live(fast, "a.jsonl"), live(slow, "b.jsonl")));
  ASSERT_EQ(model.conditions.size(), 2u);
  EXPECT_NEAR(model.up_bps.low, 3e6, 0.1e6);
  EXPECT_NEAR(model.up_bps.high, 50e6, 1.5e6);
  EXPECT_THAT(caveats(model), ElementsAre(HasSubstr("of one round-trip time and of different rates")));
}

TEST(LiveLinks, of_two_files_that_agree_in_everything_are_one) {
  const auto runs = tests::synthesise(world(0.040, 20e6));
  const LatencyModel model = fit(both(live(runs, "a.jsonl"), live(runs, "b.jsonl")));
  EXPECT_EQ(model.conditions.size(), 1u);
  EXPECT_THAT(caveats(model), IsEmpty());
}

}  // namespace
}  // namespace splitwan::model
