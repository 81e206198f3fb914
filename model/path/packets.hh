// Two ends of a TCP connection and the link between them, followed packet by packet, and those of other
// people's sessions on the same link. The link is engine/base's (queue, rate, loss, jitter, bursts, schedule,
// deliveries), as in ns-3; the TCP is written here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "engine/base/link_law.hh"
#include "model/path/endpoint.hh"

namespace splitwan::model {

// Of everything that a path is, what its packets need to know.
struct Setup {
  engine::LinkSpec up, down;  // queues resolved
  engine::TcpSpec tcp;
  std::uint32_t segment_bytes = 1448;
  engine::OtherSessions sessions = {};
};

class Packets {
 public:
  // `chance`: whether losses and jitter happen, and others are on the link.
  Packets(const Setup&, std::uint64_t seed, bool chance);

  Nanos now() const { return now_; }
  void wait_until(Nanos);  // whatever happens until then happens
  // A message is written at `at`, not before now; down: by the server. Messages of one way keep their order.
  void post(Nanos at, bool down, std::uint64_t bytes);

  struct Delivered {
    bool down;
    std::uint64_t message;  // counted from 0, each way
  };
  // The next message that arrives whole; now() is when. Throws Error when nothing moves any longer.
  Delivered next();
  // Likewise where there is more to follow than this path: what arrives by `limit`, where nothing of it
  // happens later; and when something happens next, Endpoint::never where nothing will.
  std::optional<Delivered> next(Nanos limit);
  Nanos due() const;

  const Endpoint& end(bool server) const { return ends_[server ? 1 : 0]; }

 private:
  struct Posted {
    Nanos at;
    bool down;
    std::uint64_t bytes;
  };
  // Somebody else's; a message of its loop is always under way or due.
  struct Session {
    Endpoint ends[2];
    Nanos acts_at = Endpoint::never;  // never: its message is under way
    bool replies = false;             // what it does then, or next
    Nanos next() const { return std::min({acts_at, ends[0].next_timer(), ends[1].next_timer()}); }
  };
  static constexpr std::size_t ours = SIZE_MAX;  // else an index of others_
  struct Flying {
    Nanos at;
    std::size_t whose;
    Packet packet;
  };
  std::optional<Delivered> whole();
  bool step(Nanos limit);
  void arrive(int way);
  void act(std::size_t other);
  void take(std::size_t whose, int from);
  Endpoint& end_of(std::size_t whose, int end) {
    return whose == ours ? ends_[end] : others_[whose].ends[end];
  }

  Endpoint ends_[2];
  engine::LinkModel links_[2];
  engine::OtherSessions sessions_;
  std::vector<Session> others_;
  std::deque<Flying> flying_[2];           // by the way they go, first to arrive first
  std::deque<Posted> posted_;              // by time
  std::deque<std::uint64_t> expected_[2];  // where messages end, by the way they go
  std::uint64_t handed_[2] = {0, 0}, delivered_[2] = {0, 0};
  Nanos now_{};
};

}  // namespace splitwan::model
