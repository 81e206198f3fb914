// Two ends of a TCP connection and the link between them, followed packet by packet. The link is
// engine/base's (queue, rate, loss, jitter, bursts, schedule, deliveries), as in ns-3; the TCP is written
// here.
#pragma once

#include <deque>

#include "engine/base/link_law.hh"
#include "model/path/endpoint.hh"

namespace splitwan::model {

// Of everything that a path is, what its packets need to know.
struct Setup {
  engine::LinkSpec up, down;  // queues resolved
  engine::TcpSpec tcp;
  std::uint32_t segment_bytes = 1448;
};

class Packets {
 public:
  // `chance`: whether losses and jitter happen.
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

  const Endpoint& end(bool server) const { return ends_[server ? 1 : 0]; }

 private:
  struct Posted {
    Nanos at;
    bool down;
    std::uint64_t bytes;
  };
  struct Flying {
    Nanos at;
    Packet packet;
  };
  bool step(Nanos limit);
  void take(int from);

  Endpoint ends_[2];
  engine::LinkModel links_[2];
  std::deque<Flying> flying_[2];           // by the way they go, first to arrive first
  std::deque<Posted> posted_;              // by time
  std::deque<std::uint64_t> expected_[2];  // where messages end, by the way they go
  std::uint64_t handed_[2] = {0, 0}, delivered_[2] = {0, 0};
  Nanos now_{};
};

}  // namespace splitwan::model
