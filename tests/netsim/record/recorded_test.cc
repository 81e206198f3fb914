// A path made of two link models and a plain TCP over them, and what its recording says of it.
#include "netsim/record/recorded.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fixtures/fixtures.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Requests of eight full segments each 100 ms, each segment acknowledged, answered by one of 600 bytes;
// probes as the tap sends them. What is lost is sent again after a timeout.
class MadePath {
 public:
  MadePath(LinkSpec up, LinkSpec down) : up_(std::move(up), 1, 0), down_(std::move(down), 1, 1) {
    up_.start(0s, true);
    down_.start(0s, true);
  }

  Seen run(int requests, bool with_probes = true) {
    seen_.packets.push_back({0s, true, true, 40000, 0, sent_ - 1, 0, 0});
    const LinkTime there = up_.offer(0s, 62).arrival;
    seen_.packets.push_back({down_.offer(there, 62).arrival, false, true, 40000, 0, answered_ - 1, sent_, 0});
    LinkTime probe = 500ms;
    now_ = 533ms;
    for (int i = 0; i < requests; ++i, now_ = std::max<LinkTime>(now_, 533ms + i * 100ms)) {
      for (; with_probes && probe <= now_; probe += 20ms) echo(probe);
      request();
    }
    const auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
    std::stable_sort(seen_.packets.begin(), seen_.packets.end(), by_time);
    std::stable_sort(seen_.probes.begin(), seen_.probes.end(), by_time);
    return seen_;
  }
  bool counted = true;  // the server numbers its packets

 private:
  LinkModel::Fate up(LinkTime at, std::uint32_t bytes) {
    up_now_ = std::max(up_now_, at);
    return up_.offer(up_now_, bytes);
  }
  LinkModel::Fate down(LinkTime at, std::uint32_t bytes) {
    down_now_ = std::max(down_now_, at);
    return down_.offer(down_now_, bytes);
  }
  void echo(LinkTime at) {
    const bool with_large = echoes_ % 6 == 0;
    for (const std::uint32_t bytes : {76u, 1400u}) {
      if (bytes == 1400 && !with_large) continue;
      const auto there = up(at, bytes + 2);
      seen_.probes.push_back({at, true, echoes_, bytes});
      if (there.end == LinkModel::Fate::delivered) {
        const auto back = down(there.arrival, bytes + 2);
        if (back.end == LinkModel::Fate::delivered)
          seen_.probes.push_back({back.arrival, false, echoes_, bytes});
      }
      ++echoes_;
      at += 5us;
    }
  }
  void request() {
    LinkTime there{}, leaves = now_;
    for (int i = 0; i < 8; ++i, leaves += 1us) {
      LinkModel::Fate fate{};
      for (;; leaves += 240ms) {
        seen_.packets.push_back({leaves, true, false, 40000, 0, sent_, answered_, 1448});
        fate = up(leaves, 1448 + 54);
        if (fate.end == LinkModel::Fate::delivered) break;
      }
      sent_ += 1448;
      there = std::max(there, fate.arrival);
      const auto back = down(there, 54);
      seen_.packets.push_back({back.arrival, false, false, 40000, next_number(), answered_, sent_, 0});
    }
    for (LinkTime answers = there + 1ms;; answers += 240ms) {
      const auto back = down(answers, 600 + 54);
      const std::uint16_t id = next_number();
      if (back.end != LinkModel::Fate::delivered) continue;
      seen_.packets.push_back({back.arrival, false, false, 40000, id, answered_, sent_, 600});
      now_ = back.arrival + 1ms;
      break;
    }
    answered_ += 600;
  }
  std::uint16_t next_number() { return counted ? ++number_ : 0; }

  LinkModel up_, down_;
  LinkTime now_{}, up_now_{}, down_now_{};
  Seen seen_;
  std::uint32_t sent_ = 0xfffff000, answered_ = 77;  // they turn over
  std::uint16_t echoes_ = 0, number_ = 0xfff0;
};

LinkSpec way(LinkTime delay, double bps) { return {{delay, bps}}; }

TEST(Recorded, a_steady_path_has_its_round_trip_its_rates_and_no_loss) {
  const Recording r = recorded(MadePath(way(12ms, 20e6), way(8ms, 50e6)).run(100), "far:1");
  EXPECT_EQ(r.play, Play::constant);
  EXPECT_NEAR(r.round_trip.mean_s, 0.02, 0.0002);
  EXPECT_NEAR(r.up.rate_bps, 20e6, 0.4e6);
  EXPECT_NEAR(r.down.rate_bps, 50e6, 5e6);
  EXPECT_THAT(r.down.rate_from, HasSubstr("less what the way up takes"));
  EXPECT_TRUE(r.up.losses.empty());
  EXPECT_TRUE(r.down.losses.empty());
  EXPECT_TRUE(r.rate_shares.empty());
  EXPECT_EQ(r.up.payload, 100u * 8 * 1448);
}

TEST(Recorded, losses_are_at_the_bytes_that_were_lost) {
  LinkSpec up = way(10ms, 20e6), down = way(10ms, 20e6);
  up.losses = {5 * 8 * 1448 + 10, 5 * 8 * 1448 + 10, 900'000};  // twice in a row: sent again, and lost again
  down.losses = {1300, 30'100, 30'100};
  const Recording r = recorded(MadePath(up, down).run(100, /*with_probes=*/false), "far:1");
  const std::uint64_t first = 5 * 8 * 1448;
  EXPECT_THAT(r.up.losses, ElementsAre(first, first + 1448, (900'000 / 1448) * 1448));
  EXPECT_THAT(r.down.losses, ElementsAre(1200, 30'000, 30'600));
  EXPECT_NEAR(r.down.losses_in_a_row, 1.5, 1e-9);
}

// A request's acknowledgement rides on its answer: where that is lost, the client sends again what had
// arrived.
TEST(Recorded, a_lost_answer_is_no_lost_request) {
  const auto losses = [](std::uint16_t number_after) {
    Seen seen;
    seen.packets = {{0ms, true, false, 40000, 1, 100, 50, 600},
                    {40ms, false, false, 40000, 7, 50, 700, 600},
                    {50ms, true, false, 40000, 2, 700, 650, 600},
                    {290ms, true, false, 40000, 3, 700, 650, 600},
                    {330ms, false, false, 40000, number_after, 650, 1300, 600}};
    bool counts = false;
    return std::pair(losses_up(seen, 0.04).losses.size(), losses_down(seen, 0.04, counts).losses.size());
  };
  EXPECT_EQ(losses(8), std::pair(1ul, 0ul)) << "the server had sent nothing between";
  EXPECT_EQ(losses(9), std::pair(0ul, 1ul));
}

TEST(Recorded, what_changes_is_a_series_and_a_rate_over_time) {
  LinkSpec up = way(10ms, 40e6), down = way(10ms, 40e6);
  up.schedule = {{4s, {30ms, 10e6}}};
  down.schedule = {{4s, {30ms, 10e6}}};
  const Recording r = recorded(MadePath(up, down).run(80), "far:1");
  EXPECT_EQ(r.play, Play::series);
  ASSERT_GT(r.round_trips.size(), 100u);
  EXPECT_NEAR(r.round_trips.front().value, 0.02, 0.001);
  EXPECT_NEAR(r.round_trips.back().value, 0.06, 0.001);
  EXPECT_GT(r.round_trip.autocorrelation, 0.9);
  ASSERT_EQ(r.rate_shares.size(), 2u);
  EXPECT_NEAR(r.rate_shares[0].value / r.rate_shares[1].value, 4, 0.3);
  EXPECT_NEAR(r.up.rate_bps * r.rate_shares[0].value, 40e6, 3e6);
  EXPECT_THAT(r.cannot_tell, Contains(HasSubstr("which way's rate changed")));
}

TEST(Recorded, jitter_of_each_packet_is_a_law) {
  LinkSpec up = way(20ms, 40e6);
  up.jitter = {.law = JitterLaw::normal, .scale = 3ms, .reorder = true};
  const Recording r = recorded(MadePath(up, way(20ms, 40e6)).run(200), "far:1");
  EXPECT_EQ(r.play, Play::law);
  EXPECT_NEAR(r.round_trip.spread_s, 0.003, 0.0006);
}

TEST(Recorded, without_probes_or_counts_says_what_it_does_not_know) {
  MadePath path(way(10ms, 20e6), way(10ms, 20e6));
  path.counted = false;
  const Recording r = recorded(path.run(20, /*with_probes=*/false), "far:1");
  EXPECT_THAT(r.cannot_tell, Contains(HasSubstr("no probe was answered")));
  EXPECT_THAT(r.cannot_tell, Contains(HasSubstr("losses on the way down")));
  EXPECT_THAT(r.cannot_tell, Contains(HasSubstr("the rate down")));
  EXPECT_NEAR(r.up.rate_bps, 20e6, 0.4e6);
  EXPECT_NEAR(r.round_trip.mean_s, 0.02, 0.001);
}

TEST(Recorded, nothing_is_an_error_that_names_the_path) {
  EXPECT_THAT(tests::error_of([] { recorded({}, "far:1"); }),
              HasSubstr("record: far:1: expected a TCP connection"));
}

}  // namespace
}  // namespace splitwan::netsim
