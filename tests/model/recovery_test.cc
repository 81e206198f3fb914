// How the two stacks find what was lost: ns-3's by what overtakes it, Linux's by time and by probes as well.
#include <gtest/gtest.h>

#include "model/path/packets.hh"

namespace splitwan::model {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t segment = 1448;

Setup path(const char* recovery, std::uint64_t queue_bytes, double loss = 0) {
  Setup s;
  for (engine::LinkSpec* link : {&s.up, &s.down}) {
    link->delay = 20ms;
    link->bits_per_second = 10e6;
    link->queue_bytes = queue_bytes;
    link->loss = loss;
  }
  s.tcp.recovery = recovery;
  return s;
}

struct Course {
  double seconds = 0;
  std::uint64_t again = 0, timeouts = 0;  // of the client
};

// Messages of so many segments up, one after the other's arrival.
Course course(const Setup& setup, std::uint64_t segments, int messages, std::uint64_t seed = 1) {
  Packets packets(setup, seed, true);
  for (int i = 0; i < messages; ++i) {
    packets.post(packets.now(), false, segments * segment);
    packets.next();
  }
  const Endpoint& client = packets.end(false);
  return {std::chrono::duration<double>(packets.now()).count(), client.sent_again(), client.timeouts()};
}

TEST(Recovery, where_nothing_is_lost_stacks_do_not_differ) {
  for (const std::uint64_t segments : {1, 8, 60})
    EXPECT_EQ(course(path("rack", 4'000'000), segments, 30).seconds,
              course(path("rfc6675", 4'000'000), segments, 30).seconds);
}

TEST(Recovery, of_a_lost_tail_takes_linux_a_probe_and_ns3_a_timeout) {
  constexpr std::uint64_t four = 4 * 1514;  // of the eight, the last are dropped
  const Course linux = course(path("rack", four), 8, 1), ns3 = course(path("rfc6675", four), 8, 1);
  EXPECT_GT(linux.again, 0u);
  EXPECT_GT(ns3.again, 0u);
  EXPECT_EQ(linux.timeouts, 0u);
  EXPECT_GE(ns3.timeouts, 1u);
  EXPECT_LT(linux.seconds + 0.1, ns3.seconds);
}

TEST(Recovery, of_lost_retransmissions_takes_linux_fewer_timeouts) {
  std::uint64_t linux = 0, ns3 = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    linux += course(path("rack", 4'000'000, 0.1), 60, 5, seed).timeouts;
    ns3 += course(path("rfc6675", 4'000'000, 0.1), 60, 5, seed).timeouts;
  }
  EXPECT_GT(ns3, 0u);
  EXPECT_LT(2 * linux, ns3);
}

TEST(Recovery, brings_everything_through_whatever_is_lost) {
  for (const char* recovery : {"rack", "rfc6675"})
    for (std::uint64_t seed = 1; seed <= 10; ++seed)
      EXPECT_GT(course(path(recovery, 3 * 1514, 0.3), 20, 3, seed).seconds, 0) << recovery << seed;
}

}  // namespace
}  // namespace splitwan::model
