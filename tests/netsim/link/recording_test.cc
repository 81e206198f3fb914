// Link files, and what a link makes of them: recorded losses, delays over time, other people's packets.
#include "netsim/link/recording.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/json_file.hh"
#include "engine/base/link_json.hh"
#include "netsim/link/link_spec.hh"
#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint32_t around = 54;  // bytes of a packet beside its data: IPv4, TCP, timestamps, PPP

std::vector<int> lost_of(LinkModel& link, std::initializer_list<std::uint32_t> payloads) {
  std::vector<int> lost;
  LinkTime t{};
  int packet = 0;
  for (const std::uint32_t payload : payloads) {
    if (link.offer(t += 10ms, payload + around).end == LinkModel::Fate::lost) lost.push_back(packet);
    ++packet;
  }
  return lost;
}

TEST(RecordedLosses, take_the_packet_that_carries_the_byte_and_no_bare_acknowledgement) {
  LinkSpec spec{{10ms, 8e6}};
  spec.losses = {1500, 2500, 2500};
  LinkModel link(spec, 1, 0);
  link.start(0ms, true);
  // Bytes 0, 1000, (none), 2000, 3000, 4000 and on: 2500 takes the packet of 2000 and the next one.
  EXPECT_THAT(lost_of(link, {1000, 1000, 0, 1000, 1000, 1000}), ElementsAre(1, 3, 4));
  link.start(100ms, true);
  EXPECT_THAT(lost_of(link, {1400, 1000}), ElementsAre(1)) << "counted anew";
}

TEST(RecordedLosses, are_chance_and_happen_to_no_probe) {
  LinkSpec spec{{10ms, 8e6}};
  spec.losses = {0};
  LinkModel link(spec, 1, 0);
  EXPECT_THAT(lost_of(link, {1000}), ElementsAre());
  link.start(100ms, false);
  EXPECT_THAT(lost_of(link, {1000}), ElementsAre());
}

// Offered together at 1.3 times what the link carries, a packet waits 0.3 s longer after each second.
TEST(CrossTraffic, shares_the_queue_as_its_rate_says) {
  const auto wait_after_a_second = [](const CrossTraffic& cross) {
    LinkSpec spec{{0ms, 10e6}};
    spec.queue_bytes = 100'000'000;
    spec.cross = cross;
    LinkModel link(spec, 1, 0);
    link.start(0ms, true);
    LinkTime waited{};
    for (LinkTime t{}; t < 1s; t += 1ms) waited = link.offer(t, 1000).arrival - t;  // 8 Mbit/s
    return std::chrono::duration<double>(waited).count();
  };
  EXPECT_NEAR(wait_after_a_second({}), 0.0008, 1e-6);
  EXPECT_NEAR(wait_after_a_second({5e6, {}, {}, 1498}), 0.3, 0.003);
  EXPECT_NEAR(wait_after_a_second({9e6, 100ms, 100ms, 1498}), 0.25, 0.02) << "half of the time";
}

TEST(CrossTraffic, drops_our_packets_where_it_fills_the_queue) {
  LinkSpec spec{{0ms, 10e6}};
  spec.queue_bytes = 64 << 10;
  spec.cross = {20e6, {}, {}, 1500};
  LinkModel link(spec, 1, 0);
  link.start(0ms, true);
  for (LinkTime t{}; t < 2s; t += 1ms) link.offer(t, 500);
  EXPECT_GT(link.counts().queue_drops, 200u);
  EXPECT_EQ(link.counts().packets + link.counts().queue_drops, 2000u) << "its own are not counted as ours";
}

TEST(CrossTraffic, and_recorded_losses_survive_their_json) {
  LinkSpec spec{{10ms, 8e6}};
  spec.losses = {7, 7, 9000};
  spec.cross = {5e6, 100ms, 50ms, 700};
  const LinkSpec again = engine::parse_link(engine::Json(engine::to_json(spec)), "link");
  EXPECT_EQ(again.losses, spec.losses);
  EXPECT_EQ(again.cross.bits_per_second, 5e6);
  EXPECT_EQ(again.cross.on, 100ms);
  EXPECT_EQ(again.cross.off, 50ms);
  EXPECT_EQ(again.cross.packet, 700u);
  EXPECT_NE(engine::fingerprint_of(spec), engine::fingerprint_of(LinkSpec{{10ms, 8e6}}));
}

Recording a_recording() {
  Recording r;
  r.path = "wan.example:7420";
  r.duration = 10s;
  r.connections = 1;
  r.idle_restarts = 2;
  r.play = Play::series;
  r.round_trip = spread_of({0.02, 0.04});
  r.acknowledgements = spread_of({0.03});
  r.queue_bytes_at_least = 5000;
  r.up = {20e6, "acknowledgements", 100, 150'000, {300, 900}, 1};
  r.down = {50e6, "arrivals", 80, 70'000, {}, 0};
  r.round_trips = {{0s, 0.02}, {4s, 0.06}};
  r.rate_shares = {{0s, 1}, {6s, 0.5}};
  r.cannot_tell = {"the queue's size"};
  return r;
}

TEST(Recording, is_read_as_it_was_written) {
  const tests::TemporaryFolder folder;
  write_recording(folder / "wan.json", a_recording());
  write_recording(folder / "again.json", read_recording(folder / "wan.json"));
  std::ifstream one(folder / "wan.json"), two(folder / "again.json");
  const std::string first{std::istreambuf_iterator<char>(one), {}},
      second{std::istreambuf_iterator<char>(two), {}};
  EXPECT_EQ(first, second);
  EXPECT_THAT(first, HasSubstr("\"round_trip_s\":[0.02,0.06]"));
}

TEST(Recording, that_is_damaged_is_refused_by_the_key) {
  const tests::TemporaryFolder folder;
  write_recording(folder / "wan.json", a_recording());
  const auto whole = engine::read_json_file(folder / "wan.json");
  const auto refusal = [&](const char* pointer, const engine::Json& value) {
    engine::Json damaged = whole;
    damaged[engine::Json::json_pointer(pointer)] = value;
    std::ofstream(folder / "bad.json") << damaged;
    return tests::error_of([&] { read_recording(folder / "bad.json"); });
  };
  EXPECT_THAT(refusal("/kind", "page"), HasSubstr("kind: expected \"link-recording\", found \"page\""));
  EXPECT_THAT(refusal("/play", "loud"), HasSubstr("play: expected constant, series or law"));
  EXPECT_THAT(refusal("/up/losses_bytes", {9, 3}), HasSubstr("losses_bytes[1]: expected 9 or more, found 3"));
  EXPECT_THAT(refusal("/series/at_s", {4, 0}), HasSubstr("at_s[1]: expected a time later"));
  EXPECT_THAT(refusal("/series/at_s", {4}), HasSubstr("round_trip_s: expected 1 values, found 2"));
  EXPECT_THAT(refusal("/mood", "good"), HasSubstr("unknown key 'mood'"));
}

TEST(Recording, plays_its_delays_rates_and_losses_and_begins_again) {
  LinkSpec up{{40ms, 1e9}}, down = up;
  apply(a_recording(), up, down);
  EXPECT_EQ(up.delay, 10ms);
  EXPECT_EQ(up.bits_per_second, 20e6);
  EXPECT_THAT(up.losses, ElementsAre(300u, 900u));
  ASSERT_EQ(up.schedule.size(), 2u);
  EXPECT_EQ(up.schedule[0].at, 4s);
  EXPECT_EQ(up.schedule[0].link.delay, 30ms);
  EXPECT_EQ(up.schedule[1].at, 6s);
  EXPECT_EQ(up.schedule[1].link.bits_per_second, 10e6);
  EXPECT_EQ(up.schedule[1].link.delay, 30ms);
  EXPECT_EQ(up.period, 10s);
  EXPECT_EQ(down.schedule[1].link.bits_per_second, 25e6);
}

TEST(Recording, of_a_steady_path_is_one_link_and_of_a_jittery_one_a_law) {
  Recording r = a_recording();
  r.rate_shares = {};
  r.play = Play::constant;
  LinkSpec up{{40ms, 1e9}}, down = up;
  apply(r, up, down);
  EXPECT_EQ(up.delay + down.delay, 30ms);
  EXPECT_TRUE(up.schedule.empty());
  EXPECT_EQ(up.period, 0s);
  r.play = Play::law;
  apply(r, up, down);
  EXPECT_EQ(up.jitter.law, JitterLaw::normal);
  EXPECT_NEAR(static_cast<double>(up.jitter.scale.count()) / 1e9, 0.01 / std::sqrt(2.0), 1e-8);
}

}  // namespace
}  // namespace splitwan::netsim
