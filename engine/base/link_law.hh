// One direction of a link, packet by packet: drop-tail queue, serialisation, loss, delay and jitter, order.
// A packet's fate is known as it is offered, so that the same link runs in virtual and in real time. C++17.
#pragma once

#include <cstdint>
#include <deque>
#include <random>

#include "engine/base/link.hh"

namespace splitwan::engine {

struct LinkCounts {
  std::uint64_t packets = 0, bytes = 0;  // entered the queue
  std::uint64_t queue_drops = 0;         // found it full
  std::uint64_t lost = 0;                // by chance, after they were sent
  LinkTime busy{};                       // spent sending
  std::uint64_t most_queued = 0;         // bytes
};

class LinkModel {
 public:
  // Chance is a function of seed and stream alone. A spec's queue_bytes must be resolved: 0 means no queue
  // limit.
  LinkModel(LinkSpec spec, std::uint64_t seed, std::uint64_t stream);

  // The schedule's time 0 is `now`; chance starts again from its seed; counts from 0. Without chance no
  // packet is lost and none jitters. Packets on their way stay.
  void start(LinkTime now, bool with_chance);

  // Before start: chance as the spec has it, its schedule apart, so that a probe can see it; or none again.
  void rehearse(bool with_chance);

  struct Fate {
    enum { delivered, queue_full, lost } end;
    LinkTime arrival{};  // delivered: its last bit is there
  };
  // `now` must not go back. bytes: with framing, as the rate counts them.
  Fate offer(LinkTime now, std::uint32_t bytes);

  const LinkCounts& counts() const { return counts_; }
  std::uint64_t queued(LinkTime now);  // bytes waiting

 private:
  struct Waiting {
    LinkTime starts;
    std::uint32_t bytes;
  };
  struct Passage {
    bool full = false;
    LinkTime sent{};  // its last bit has left
  };
  Passage pass(LinkTime now, std::uint32_t bytes);
  void pass_others(LinkTime now);
  void begin_chance(bool with_chance);
  void follow_schedule(LinkTime t);
  LinkTime next_change() const;
  LinkTime sent_at_rate(LinkTime starts, std::uint32_t bytes);
  LinkTime sent_at_opportunity(LinkTime now, std::uint32_t bytes);
  LinkTime opportunity_at(std::uint64_t index) const;
  bool lost_as_recorded(std::uint32_t bytes);
  bool lost_by_chance();
  LinkTime jitter();
  double uniform();
  double normal();

  LinkSpec spec_;
  std::uint64_t seed_[2];
  std::mt19937_64 random_;
  LinkTime origin_{};
  bool started_ = false, with_chance_ = false;

  LinkState state_;         // at the sender's time, which runs ahead of the offers' while packets wait
  std::uint64_t turn_ = 0;  // of a repeating schedule
  std::size_t change_ = 0;  // index of its next change; behind the last one: its start
  std::deque<Waiting> queue_;
  std::uint64_t queued_ = 0;
  LinkTime free_{};  // the sender is
  LinkTime last_arrival_{};
  std::uint64_t opportunity_ = 0;  // counted over all repeats
  std::uint32_t opportunity_left_ = opportunity_bytes;
  std::uint64_t carried_ = 0;  // bytes of TCP payload
  std::size_t loss_ = 0;       // index of the next recorded one
  LinkTime other_{};           // when cross traffic's next packet comes
  LinkTime others_turn_{};     // when its turn began
  bool bad_ = false;           // Gilbert-Elliott
  double walk_ = 0;            // the jitter's normal variable
  LinkCounts counts_;
};

}  // namespace splitwan::engine
