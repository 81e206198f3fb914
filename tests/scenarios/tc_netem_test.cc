// Links as tc-netem describes them, both ways.
#include "scenarios/imports/tc_netem.hh"

#include <gmock/gmock.h>

#include <random>

#include "engine/base/link_json.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::scenarios {
namespace {

using namespace std::chrono_literals;
using netsim::JitterLaw;
using netsim::LinkSpec;
using netsim::LinkState;
using testing::AllOf;
using testing::HasSubstr;
using tests::error_of;

LinkState netem(std::string_view text, LinkState link = {}) {
  apply_netem(text, link);
  return link;
}

std::string netem_error(std::string_view text) {
  return error_of([&] { netem(text); });
}

TEST(Netem, parameters_become_the_link) {
  const LinkState link = netem("delay 80ms 5ms 25% loss 0.3% rate 100mbit limit 1000");
  EXPECT_EQ(link.delay, 80ms);
  EXPECT_EQ(link.jitter.law, JitterLaw::uniform);
  EXPECT_EQ(link.jitter.scale, 5ms);
  EXPECT_EQ(link.jitter.correlation, 0.25);
  EXPECT_FALSE(link.jitter.reorder) << "a rate keeps netem's packets in order";
  EXPECT_DOUBLE_EQ(link.loss, 0.003);
  EXPECT_EQ(link.bits_per_second, 100e6);
  EXPECT_EQ(link.queue_bytes, 500'000u) << "1000 packets, of which 667 are within the delay";
  EXPECT_TRUE(netem("delay 80ms 5ms").jitter.reorder) << "netem without a rate sends by due time";
}

TEST(Netem, units_are_those_of_tc) {
  EXPECT_EQ(netem("delay 1500").delay, 1500us);
  EXPECT_EQ(netem("latency 0.08s").delay, 80ms);
  EXPECT_EQ(netem("delay 80MSecs").delay, 80ms);
  EXPECT_EQ(netem("rate 5000").bits_per_second, 5000);
  EXPECT_EQ(netem("rate 1.5Mbit").bits_per_second, 1.5e6);
  EXPECT_EQ(netem("rate 1mbps").bits_per_second, 8e6) << "bps are bytes per second";
  EXPECT_EQ(netem("rate 1mibit").bits_per_second, 1048576);
  EXPECT_DOUBLE_EQ(netem("loss 0.5").loss, 0.005);
  EXPECT_DOUBLE_EQ(netem("drop 0.5%").loss, 0.005);
  EXPECT_EQ(netem("limit 10k", {.mtu = 1000}).queue_bytes, 10'240'000u);
}

TEST(Netem, the_distribution_names_the_law) {
  EXPECT_EQ(netem("delay 9ms 1ms distribution normal").jitter.law, JitterLaw::normal);
  EXPECT_EQ(netem("distribution pareto delay 9ms 1ms").jitter.law, JitterLaw::pareto);
  EXPECT_EQ(netem("delay 9ms 1ms distribution uniform").jitter.law, JitterLaw::uniform);
  EXPECT_EQ(netem("delay 9ms", {.jitter = {.law = JitterLaw::normal, .scale = 1ms}}).jitter.law,
            JitterLaw::none);
  EXPECT_EQ(netem_error("delay 9ms 1ms distribution paretonormal"),
            "netem: distribution: expected uniform, normal or pareto, found 'paretonormal'");
  EXPECT_THAT(netem_error("delay 9ms distribution normal"), HasSubstr("expected a delay with jitter"));
}

TEST(Netem, correlated_loss_keeps_its_mean_and_its_correlation) {
  const LinkState link = netem("loss random 2% 25%", {.loss = 0.5});
  EXPECT_EQ(link.loss, 0);
  EXPECT_EQ(link.bursts.loss, 1);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> uniform;
  bool bad = false;
  double n = 2e6, lost = 0, both = 0;
  for (int i = 0; i < n; ++i) {
    const bool before = bad;
    bad = bad ? uniform(random) >= link.bursts.to_good : uniform(random) < link.bursts.to_bad;
    lost += bad;
    both += bad && before;
  }
  const double p = lost / n;
  EXPECT_NEAR(p, 0.02, 0.0006);
  EXPECT_NEAR((both / n - p * p) / (p * (1 - p)), 0.25, 0.01);
  EXPECT_EQ(netem("loss 2% 0%").bursts.to_bad, 0);
}

TEST(Netem, gemodel_has_the_defaults_of_tc) {
  const LinkState all = netem("loss gemodel 1% 10% 70% 0.1%");
  EXPECT_DOUBLE_EQ(all.bursts.to_bad, 0.01);
  EXPECT_DOUBLE_EQ(all.bursts.to_good, 0.1);
  EXPECT_DOUBLE_EQ(all.bursts.loss, 0.7);
  EXPECT_DOUBLE_EQ(all.loss, 0.001);
  const LinkState one = netem("loss gemodel 1%");
  EXPECT_DOUBLE_EQ(one.bursts.to_good, 0.99);
  EXPECT_EQ(one.bursts.loss, 1);
  EXPECT_EQ(one.loss, 0);
}

TEST(Netem, whole_commands_are_read_and_the_token_bucket_has_the_queue) {
  const LinkState link = netem(
      "sudo tc qdisc add dev eth0 root handle 1:0 netem delay 40ms 2ms limit 5000\n"
      "tc qdisc add dev eth0 parent 1:1 handle 10: tbf rate 20mbit \\\n burst 1600 limit 64kb");
  EXPECT_EQ(link.delay, 40ms);
  EXPECT_EQ(link.bits_per_second, 20e6);
  EXPECT_EQ(link.queue_bytes, 65536u);
  EXPECT_TRUE(link.jitter.reorder);
  EXPECT_EQ(netem("tc qdisc add dev a root tbf rate 8mbit burst 2000 latency 50ms").queue_bytes, 52'000u);
}

TEST(Netem, limit_counts_the_packets_within_the_delay_and_is_a_thousand_unless_stated) {
  const auto noted = [](std::string_view text) {
    std::vector<std::string> notes;
    LinkState link{.bits_per_second = 100e6};
    apply_netem(text, link, &notes);
    return std::pair(link.bits_per_second, notes);
  };
  const auto [rate, notes] = noted("tc qdisc add dev eth0 root netem delay 300ms rate 1gbit");
  EXPECT_EQ(rate, 40e6);
  EXPECT_THAT(notes, testing::ElementsAre(
                         "netem: its limit of 1000 packets (tc's default) counts those within the delay: "
                         "at 1500 bytes in 300 ms at most 40 Mbit/s pass, which is the link's rate here"));
  EXPECT_EQ(noted("tc qdisc add dev eth0 root netem delay 1000ms 0ms").first, 12e6);
  EXPECT_EQ(noted("delay 1000ms limit 100000").first, 100e6);
  EXPECT_TRUE(noted("delay 50ms").second.empty()) << "240 Mbit/s would pass";
}

TEST(Netem, reads_what_tc_shows_and_takes_nothing_for_nothing) {
  const LinkState shown =
      netem("qdisc netem 8001: root refcnt 2 limit 1000 delay 50ms  5ms loss 2% seed 7119");
  EXPECT_EQ(shown.delay, 50ms);
  EXPECT_EQ(shown.jitter.scale, 5ms);
  EXPECT_EQ(shown.jitter.law, JitterLaw::uniform);
  EXPECT_EQ(shown.loss, 0.02);
  EXPECT_EQ(netem("qdisc netem 1: dev eth0 parent 1:1 limit 100 delay 9ms").delay, 9ms);
  EXPECT_EQ(netem("delay 100ms duplicate 0% corrupt 0% reorder 0%").delay, 100ms);
  EXPECT_EQ(netem_error("delay 9ms duplicate 1%"), "netem: duplicate is not modelled");
  EXPECT_EQ(netem_error("qdisc htb 1: root refcnt 2"), "qdisc: expected netem or tbf, found 'htb'");
  EXPECT_EQ(netem("delay 80 ms rate 100 Mbit").bits_per_second, 100e6) << "as people write it";
  EXPECT_EQ(netem("delay 80 ms rate 100 Mbit").delay, 80ms);
  EXPECT_THAT(netem_error("rate 50M"), HasSubstr("expected a rate such as 100mbit"));
}

TEST(Netem, what_the_text_does_not_mention_stays) {
  const LinkState link = netem("delay 5ms", {.bits_per_second = 1e6, .loss = 0.1, .queue_bytes = 9000});
  EXPECT_EQ(link.bits_per_second, 1e6);
  EXPECT_EQ(link.loss, 0.1);
  EXPECT_EQ(netem("tc qdisc add dev a root tbf rate 8mbit burst 2000 latency 50ms", link).loss, 0.1);
  LinkState kept{.delay = 7ms};
  EXPECT_NE(error_of([&] { apply_netem("delay 5ms loss 200%", kept); }), "");
  EXPECT_EQ(kept.delay, 7ms);
}

TEST(Netem, what_is_not_modelled_is_refused_by_name) {
  EXPECT_EQ(netem_error("delay 5ms duplicate 1%"), "netem: duplicate is not modelled");
  EXPECT_EQ(netem_error("corrupt 1%"), "netem: corrupt is not modelled");
  EXPECT_EQ(netem_error("slot 5ms"), "netem: slot is not modelled");
  EXPECT_EQ(netem_error("loss 1% ecn"), "netem: ecn is not modelled");
  EXPECT_THAT(netem_error("loss state 1%"), HasSubstr("loss state is not modelled"));
  EXPECT_THAT(netem_error("delay 5ms reorder 25% 50%"), HasSubstr("reorder is not modelled"));
  EXPECT_EQ(netem_error("delay 5ms reorder 0%"), "");
  EXPECT_THAT(netem_error("rate 1mbit 20"), HasSubstr("packet overhead"));
  EXPECT_THAT(netem_error("tc qdisc add dev a root fq_codel"),
              HasSubstr("expected netem or tbf, found 'fq_codel'"));
  EXPECT_THAT(netem_error("tc qdisc add dev a root tbf rate 1mbit burst 9 limit 9 peakrate 2mbit"),
              HasSubstr("found 'peakrate'"));
}

TEST(Netem, bad_words_are_named_with_what_was_expected) {
  EXPECT_EQ(netem_error("dalay 5ms"),
            "netem: expected one of delay, loss, distribution, rate, limit, reorder, duplicate, corrupt, "
            "seed, found 'dalay'; did you mean "
            "'delay'?");
  EXPECT_THAT(netem_error("delay 5min"),
              AllOf(HasSubstr("netem: delay: expected a time"), HasSubstr("'5min'")));
  EXPECT_EQ(netem_error("delay"), "netem: delay: expected a time, found nothing");
  EXPECT_THAT(netem_error("delay 5ms -1ms"), HasSubstr("'-1ms'"));
  EXPECT_THAT(netem_error("delay 5ms 1ms 100%"), HasSubstr("correlation: expected below 100%"));
  EXPECT_THAT(netem_error("rate 5mb"), HasSubstr("expected a rate such as 100mbit"));
  EXPECT_THAT(netem_error("rate 0"), HasSubstr("from 1 bit/s"));
  EXPECT_THAT(netem_error("loss 101%"), HasSubstr("from 0% to 100%"));
  EXPECT_THAT(netem_error("loss 100%"), HasSubstr("below 100%"));
  EXPECT_THAT(netem_error("loss 1% 100%"), HasSubstr("below 100%"));
  EXPECT_THAT(netem_error("loss gemodel 1% 0%"), HasSubstr("a way out"));
  EXPECT_THAT(netem_error("limit 0"), HasSubstr("at least 1"));
  EXPECT_THAT(netem_error("delay 5ms delay 6ms"), HasSubstr("netem delay once"));
  EXPECT_THAT(netem_error(" \n"), HasSubstr("found nothing"));
  EXPECT_THAT(netem_error("delay nan"), HasSubstr("'nan'"));
}

TEST(Netem, a_link_of_it_is_one_the_simulator_takes) {
  for (const char* text :
       {"rate 1mbit limit 1", "rate 1mbit delay 5ms 1ms 99% distribution pareto loss 99% 99%",
        "rate 1bit loss gemodel 99%", "rate 1000tbit delay 3600s limit 1000k"}) {
    LinkSpec link;
    static_cast<LinkState&>(link) = netem(text);
    EXPECT_EQ(engine::parse_link(engine::to_json(link), "link").delay, link.delay) << text;
  }
}

void expect_round_trip(const LinkSpec& link) {
  const std::string commands = emit_tc(link, "eth0");
  const LinkState read = netem(commands);
  EXPECT_EQ(read.delay, link.delay) << commands;
  EXPECT_EQ(read.bits_per_second, link.bits_per_second) << commands;
  EXPECT_EQ(read.queue_bytes, link.queue_bytes) << commands;
  EXPECT_EQ(read.jitter.law, link.jitter.law) << commands;
  EXPECT_EQ(read.jitter.scale, link.jitter.scale) << commands;
  EXPECT_NEAR(read.jitter.correlation, link.jitter.correlation, 1e-12) << commands;
  EXPECT_EQ(read.jitter.reorder, link.jitter.reorder) << commands;
  EXPECT_NEAR(read.loss, link.loss, 1e-12) << commands;
  EXPECT_NEAR(read.bursts.to_bad, link.bursts.to_bad, 1e-12) << commands;
  EXPECT_NEAR(read.bursts.to_good, link.bursts.to_good, 1e-12) << commands;
  EXPECT_NEAR(read.bursts.loss, link.bursts.loss, 1e-12) << commands;
  EXPECT_EQ(read.mtu, link.mtu) << commands;
}

TEST(EmitTc, what_it_says_is_read_back) {
  LinkSpec link;
  link.delay = 40ms;
  link.bits_per_second = 100e6;
  link.queue_bytes = 1'000'001;
  EXPECT_EQ(emit_tc(link, "eth0"),
            "tc qdisc add dev eth0 root handle 1: netem limit 1000000 delay 40ms\n"
            "tc qdisc add dev eth0 parent 1:1 handle 2: tbf rate 100mbit burst 1518 limit 1000001\n");
  expect_round_trip(link);
  link.loss = 1.0 / 3;
  link.delay = 39'123'457ns;
  link.bits_per_second = 1'234'567.8;
  link.mtu = 1400;
  expect_round_trip(link);
  link.jitter = {.law = JitterLaw::uniform, .scale = 1234us, .correlation = 0.3};
  expect_round_trip(link);
  link.jitter = {.law = JitterLaw::pareto, .scale = 2ms, .reorder = true};
  link.bursts = {0.001, 0.2, 0.9};
  expect_round_trip(link);
  link.jitter.law = JitterLaw::normal;
  expect_round_trip(link);
}

TEST(EmitTc, an_infinitely_fast_link_has_no_token_bucket) {
  EXPECT_EQ(emit_tc({{.delay = 10ms}}, "veth0"),
            "tc qdisc add dev veth0 root handle 1: netem limit 1000000 delay 10ms\n");
}

TEST(EmitTc, what_tc_cannot_say_is_named) {
  const auto error = [](const auto& change) {
    LinkSpec link;
    link.delay = 10ms;
    change(link);
    return error_of([&] { emit_tc(link, "eth0"); });
  };
  EXPECT_EQ(error([](LinkSpec& l) { l.schedule = {{1s, {}}}; }), "tc cannot say: a schedule");
  EXPECT_THAT(error([](LinkSpec& l) { l.opportunities = {1ms}; }), HasSubstr("Mahimahi"));
  EXPECT_EQ(error([](LinkSpec& l) { l.down = true; }), "tc cannot say: a link that is down");
  EXPECT_THAT(error([](LinkSpec& l) { l.jitter.law = JitterLaw::exponential; }),
              HasSubstr("exponential jitter"));
  EXPECT_THAT(error([](LinkSpec& l) { l.bits_per_second = 1e6; }), HasSubstr("expected a queue in bytes"));
  EXPECT_EQ(error([](LinkSpec& l) {
              l.delay = {};
              l.jitter = {.law = JitterLaw::normal, .scale = 1ms};
            }),
            "tc cannot say: normal jitter without a delay");
  EXPECT_THAT(error_of([] { emit_tc({}, "eth0; reboot"); }), HasSubstr("name of a network device"));
}

}  // namespace
}  // namespace splitwan::scenarios
