// One direction of a link, packet by packet, against arithmetic and the laws it is meant to follow.
#include "engine/base/link_law.hh"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/link_json.hh"
#include "netsim/link/link_check.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;
using engine::parse_link;
using engine::to_json;
using nlohmann::json;

constexpr auto delivered_line = LinkModel::Fate::delivered;

LinkSpec plain(LinkTime delay = 10ms, double bps = 8e6) { return {{delay, bps}}; }  // 1,000 bytes take 1 ms

LinkModel started(const LinkSpec& spec, bool with_chance = false) {
  LinkModel link(spec, 1, 0);
  link.start(0ns, with_chance);
  return link;
}

TEST(LinkModel, sends_one_packet_after_the_other) {
  LinkModel link = started(plain());
  EXPECT_EQ(link.offer(0ms, 1000).arrival, 11ms);
  EXPECT_EQ(link.offer(0ms, 500).arrival, 11ms + 500us);
  EXPECT_EQ(link.queued(0ms), 500u);
  EXPECT_EQ(link.queued(1ms), 0u);
  EXPECT_EQ(link.offer(20ms, 1000).arrival, 31ms);
  EXPECT_EQ(link.counts().packets, 3u);
  EXPECT_EQ(link.counts().bytes, 2500u);
  EXPECT_EQ(link.counts().busy, 2ms + 500us);
  EXPECT_EQ(link.counts().most_queued, 500u);
}

TEST(LinkModel, drops_what_finds_the_queue_full) {
  LinkSpec spec = plain();
  spec.queue_bytes = 2500;
  LinkModel link = started(spec);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(link.offer(0ms, 1000).end, delivered_line);  // one is being sent
  EXPECT_EQ(link.offer(0ms, 1000).end, LinkModel::Fate::queue_full);
  EXPECT_EQ(link.offer(1ms, 1000).end, delivered_line);
  EXPECT_EQ(link.counts().queue_drops, 1u);
}

TEST(LinkModel, changes_its_rate_in_the_middle_of_a_packet) {
  LinkSpec spec = plain();
  spec.schedule = {{500us, {10ms, 80e6}}, {20ms, {30ms, 8e6}}};
  LinkModel link = started(spec);
  EXPECT_EQ(link.offer(0ms, 1000).arrival, 500us + 50us + 10ms);  // half at each rate
  EXPECT_EQ(link.offer(20ms, 1000).arrival, 51ms);
}

TEST(LinkModel, repeats_a_schedule) {
  LinkSpec spec = plain();
  spec.schedule = {{5ms, {20ms, 8e6}}};
  spec.period = 10ms;
  LinkModel link = started(spec);
  EXPECT_EQ(link.offer(2ms, 1000).arrival, 13ms);
  EXPECT_EQ(link.offer(6ms, 1000).arrival, 27ms);
  EXPECT_EQ(link.offer(112ms, 1000).arrival, 123ms);
  EXPECT_EQ(link.offer(117ms, 1000).arrival, 138ms);
}

TEST(LinkModel, keeps_packets_while_it_is_down_but_not_before_it_starts) {
  LinkSpec spec = plain();
  spec.down = true;
  spec.schedule = {{100ms, {10ms, 8e6}}};
  LinkModel link(spec, 1, 0);
  EXPECT_EQ(link.offer(0ms, 1000).arrival, 11ms);  // connections are made
  link.start(50ms, true);
  EXPECT_EQ(link.offer(60ms, 1000).arrival, 150ms + 11ms);
}

TEST(LinkModel, leaves_at_the_opportunities_of_a_trace) {
  LinkSpec spec = plain();
  spec.opportunities = {2ms, 2ms, 5ms, 10ms};
  LinkModel link = started(spec);
  EXPECT_EQ(link.offer(1ms, 1504).arrival, 12ms);
  EXPECT_EQ(link.offer(1ms, 1504).arrival, 12ms);  // two at once
  EXPECT_EQ(link.offer(1ms, 752).arrival, 15ms);
  EXPECT_EQ(link.offer(1ms, 752).arrival, 15ms);   // they share one
  EXPECT_EQ(link.offer(6ms, 3000).arrival, 22ms);  // needs two; the trace starts again at 10 ms
  EXPECT_EQ(mean_rate(spec), 4 * 1504 * 8 / 10e-3);
}

TEST(LinkModel, loses_the_share_it_is_told_to) {
  LinkSpec spec = plain(10ms, 1e9);
  spec.loss = 0.02;
  LinkModel link = started(spec, true);
  for (int i = 0; i < 100'000; ++i) link.offer(i * 1ms, 100);
  EXPECT_NEAR(link.counts().lost, 2000, 5 * std::sqrt(2000));
}

TEST(LinkModel, loses_in_bursts_of_the_length_it_is_told_to) {
  LinkSpec spec = plain(10ms, 1e9);
  spec.bursts = {0.01, 0.25, 1};
  LinkModel link = started(spec, true);
  int bursts = 0, lost = 0;
  for (bool before = false; lost < 20'000;) {
    const bool now = link.offer(0ms, 1).end == LinkModel::Fate::lost;
    bursts += now && !before;
    lost += now;
    before = now;
  }
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 4, 0.2);  // 1 / to_good
  EXPECT_NEAR(static_cast<double>(lost) / static_cast<double>(link.counts().packets), mean_loss(spec), 0.003);
}

// Mean, standard deviation and lag-1 correlation of what jitter adds, in ms.
struct Moments {
  double mean = 0, deviation = 0, correlation = 0;
};

Moments moments_of(Jitter jitter) {
  LinkSpec spec = plain(1s, 1e12);
  spec.jitter = jitter;
  spec.jitter.reorder = true;
  LinkModel link = started(spec, true);
  constexpr int packet_count = 200'000;
  double sum = 0, squares = 0, products = 0, last = 0;
  for (int i = 0; i < packet_count; ++i) {
    const double late =
        std::chrono::duration<double, std::milli>(link.offer(i * 1ms, 1).arrival - i * 1ms - 1s).count();
    sum += late;
    squares += late * late;
    products += late * last;
    last = late;
  }
  const double mean = sum / packet_count, variance = squares / packet_count - mean * mean;
  return {mean, std::sqrt(variance), (products / packet_count - mean * mean) / variance};
}

TEST(LinkModel, jitter_has_the_moments_of_its_law) {
  const Moments uniform = moments_of({JitterLaw::uniform, 6ms});
  EXPECT_NEAR(uniform.mean, 0, 0.05);
  EXPECT_NEAR(uniform.deviation, 6 / std::sqrt(3), 0.05);
  const Moments normal = moments_of({JitterLaw::normal, 4ms, 0.5});
  EXPECT_NEAR(normal.mean, 0, 0.1);
  EXPECT_NEAR(normal.deviation, 4, 0.1);
  EXPECT_NEAR(normal.correlation, 0.5, 0.02);
  const Moments exponential = moments_of({JitterLaw::exponential, 5ms});
  EXPECT_NEAR(exponential.mean, 5, 0.1);
  EXPECT_NEAR(exponential.deviation, 5, 0.1);
  const Moments pareto = moments_of({JitterLaw::pareto, 2ms});
  EXPECT_NEAR(pareto.mean, 0, 0.1);
  EXPECT_NEAR(pareto.deviation, 2, 0.6);  // its fourth moment is infinite
}

TEST(LinkModel, jitter_keeps_the_order_unless_told_not_to) {
  for (const bool reorder : {false, true}) {
    LinkSpec spec = plain(20ms, 1e9);
    spec.jitter = {JitterLaw::normal, 5ms, 0, reorder};
    LinkModel link = started(spec, true);
    int overtaken = 0;
    LinkTime last{};
    for (int i = 0; i < 1000; ++i) {
      const LinkTime arrival = link.offer(i * 100us, 100).arrival;
      overtaken += arrival < last;
      last = std::max(last, arrival);
    }
    EXPECT_EQ(overtaken > 0, reorder);
  }
}

TEST(LinkModel, chance_is_a_function_of_seed_and_stream_alone) {
  LinkSpec spec = plain(10ms, 1e9);
  spec.loss = 0.3;
  const auto fates = [&](std::uint64_t seed, std::uint64_t stream, bool rehearsed) {
    LinkModel link(spec, seed, stream);
    if (rehearsed) {
      link.rehearse(true);
      for (int i = 0; i < 7; ++i) link.offer(0ms, 1);
    }
    link.start(1ms, true);
    std::string text;
    for (int i = 0; i < 64; ++i) text += link.offer(1ms, 1).end == delivered_line ? '.' : 'x';
    return text;
  };
  EXPECT_EQ(fates(1, 2, false), fates(1, 2, true));
  EXPECT_NE(fates(1, 2, false), fates(2, 2, false));
  EXPECT_NE(fates(1, 2, false), fates(1, 3, false));
}

TEST(LinkSpec, queues_are_rate_times_rtt_and_at_least64_ki_b) {
  LinkSpec fast = plain(40ms, 1e9), slow = plain(40ms, 1e6), trace = plain(40ms, 0);
  fast.schedule = {{1s, {40ms, 1e8}}};
  trace.opportunities = {1ms};
  for (LinkSpec* link : {&fast, &slow, &trace}) resolve_queues(*link, 80ms);
  EXPECT_EQ(fast.queue_bytes, 10'000'000u);
  EXPECT_EQ(fast.schedule[0].link.queue_bytes, 1'000'000u);
  EXPECT_EQ(slow.queue_bytes, 65536u);
  EXPECT_EQ(trace.queue_bytes, 120'320u);  // 1,504 bytes a millisecond
}

TEST(LinkJson, reads_what_it_writes) {
  LinkSpec spec = plain(12ms, 1.5e6);
  EXPECT_EQ(to_json(spec).dump(), R"({"bps":1500000.0,"delay_ns":12000000,"loss":0.0,"queue_bytes":0})");
  spec.loss = 0.25;
  spec.queue_bytes = 9000;
  spec.mtu = 9000 - 52;
  spec.jitter = {JitterLaw::pareto, 3ms, 0.5, true};
  spec.bursts = {0.1, 0.5, 0.75};
  LinkState down = spec;
  down.down = true;
  spec.schedule = {{1s, down}, {2s, {1ms, 1e6}}};
  spec.period = 3s;
  const json written = json::parse(to_json(spec).dump());
  EXPECT_EQ(to_json(parse_link(written, "link")), written);
  LinkSpec trace = plain(1ms, 0);
  trace.opportunities = {0ms, 1ms, 1ms, 7ms};
  EXPECT_EQ(parse_link(to_json(trace), "link").opportunities, trace.opportunities);
}

std::string refusal(const std::function<void(json&)>& spoil) {
  json link = to_json(plain());
  spoil(link);
  try {
    parse_link(link, "link");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

TEST(LinkJson, names_the_field_what_it_expected_and_what_it_found) {
  EXPECT_EQ(refusal([](json& l) { l["delay_ns"] = -1; }),
            "link: delay_ns: expected a whole number from 0 to 3600000000000, found -1");
  EXPECT_EQ(refusal([](json& l) { l["delay_ns"] = 4e12; }),
            "link: key 'delay_ns': expected a whole number, found 4000000000000.0");
  EXPECT_EQ(refusal([](json& l) { l["loss"] = 1; }), "link: loss: expected a probability below 1, found 1");
  EXPECT_EQ(refusal([](json& l) { l.erase("bps"); }), "link: key 'bps' is missing");
  EXPECT_EQ(refusal([](json& l) {
              l["jitter"] = {{"law", "gauss"}};
            }),
            "link: jitter: law: expected none, uniform, normal, exponential or pareto, found \"gauss\"");
  const json up = to_json(plain());
  const auto at = [&](std::int64_t ns, bool down) {
    json change = up;
    change["at_ns"] = ns;
    if (down) change["down"] = true;
    return change;
  };
  const std::string dead = "link: expected a link that is up in the end, found one that stays down";
  EXPECT_EQ(refusal([&](json& l) { l["down"] = true; }), dead);
  EXPECT_EQ(refusal([&](json& l) { l["schedule"] = {at(5, false), at(9, true)}; }), dead);
  EXPECT_EQ(refusal([&](json& l) {
              l["down"] = true;
              l["schedule"] = {at(5, true)};
              l["period_ns"] = 10;
            }),
            dead);
  EXPECT_EQ(refusal([&](json& l) {
              l["schedule"] = {at(9, true)};
              l["period_ns"] = 10;
            }),
            "");
  EXPECT_EQ(refusal([&](json& l) {
              l["schedule"] = {at(9, false), at(9, false)};
            }),
            "link: schedule[1]: at_ns: expected later than 9, found 9");
  EXPECT_EQ(refusal([&](json& l) {
              l["schedule"] = {at(9, false)};
              l["period_ns"] = 9;
            }),
            "link: period_ns: expected 0, or later than the schedule's last change, found 9");
  EXPECT_EQ(refusal([](json& l) {
              l["opportunities_ns"] = {5, 4};
            }),
            "link: opportunities_ns[1]: expected a whole number from 5 to 8640000000000000, found 4");
  EXPECT_EQ(refusal([](json& l) { l["dely_ns"] = 1; }),
            "link: unknown key 'dely_ns'; did you mean 'delay_ns'?");
  EXPECT_EQ(refusal([](json& l) { l["opportunities_ns"] = {0}; }),
            "link: opportunities_ns: expected moments, the last one after 0, found [0]");
}

TEST(LinkCheck, accepts_what_chance_brings_and_refuses_what_it_does_not) {
  LinkSpec link = plain();
  link.loss = 0.005;
  const auto refuses = [&](std::uint64_t sent, std::uint64_t lost) {
    try {
      expect_loss("link", link, sent, lost);
    } catch (const std::runtime_error&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refuses(400, 0));
  EXPECT_FALSE(refuses(400, 10));
  EXPECT_TRUE(refuses(400, 15));
  EXPECT_TRUE(refuses(10'000, 10));
  link.loss = 0;
  EXPECT_TRUE(refuses(400, 1));
}

}  // namespace
}  // namespace splitwan::netsim
