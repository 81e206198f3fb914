// What a session with sharded tokens waits for: every pair's connection followed packet by packet, every
// party's jobs in its order, from the greeting on. Which of them a step waits for, and how long, comes out of
// it.
#pragma once

#include <deque>
#include <functional>
#include <queue>
#include <vector>

#include "engine/party/shard_plan.hh"
#include "model/observe/condition.hh"
#include "model/path/packets.hh"

namespace splitwan::model {

// Seconds of what a step waited for, along its critical path.
struct ShardTrail {
  double client_s = 0, comp_s = 0, attn_s = 0, merge_s = 0, network_s = 0;
  double total_s() const { return client_s + comp_s + attn_s + merge_s + network_s; }
  void add(const ShardTrail&, double share = 1);
};

// A batch, and the client's work before its requests are out and on its replies.
struct ShardTrip {
  engine::ShardBatch batch;
  double lead_s = 0, tail_s = 0;
};

class ShardPaths {
 public:
  using JobCost = std::function<double(const engine::ShardJob&)>;  // seconds
  // Every pair over a link of its own, the client's and those among nodes. `seed`: of chance, where the links
  // have any; else 0.
  ShardPaths(const engine::Sharding&, const Condition& outer, const Condition& inner, double initial_window,
             std::uint64_t seed);

  void greet(const engine::ShardBatch&);
  // One step: its batches are sent one after the other, without waiting.
  ShardTrail follow(std::vector<ShardTrip>, const JobCost&);
  void rest(double seconds);

 private:
  static constexpr Nanos never = Nanos::max();
  struct Message {
    engine::PartyId from = 0, to = 0;
    Nanos came = never;
    ShardTrail trail;  // of what brought it, sending included
    Nanos sent{};
    std::vector<std::size_t> wanted;  // jobs
  };
  struct Job {
    engine::ShardJob job;
    std::size_t missing = 0;
    Nanos ready{};
    std::size_t last = 0;  // the message that came last
  };
  struct Node {
    engine::ShardRole role = engine::ShardRole::client;
    Nanos free{};
    ShardTrail trail;             // up to then
    std::deque<std::size_t> due;  // a CompNode's jobs, in order
  };
  struct Way {  // messages in flight on one way of a connection
    std::deque<std::size_t> numbers;
  };
  void take(engine::ShardBatch&&);
  void post(std::size_t message, std::uint64_t bytes, Nanos at, const ShardTrail&);
  void arrive(std::size_t message, Nanos at, const JobCost&);
  void act(std::size_t job, const JobCost&);
  void expect(std::size_t path);
  bool step(const JobCost&);  // something happens; false: nothing will
  std::size_t path_of(engine::PartyId, engine::PartyId) const;

  engine::Sharding sharding_;
  std::vector<Packets> paths_;
  std::vector<Way> ways_[2];
  std::vector<std::size_t> path_index_;  // by both parties
  std::vector<Node> nodes_;
  std::vector<Message> messages_;
  std::vector<std::uint64_t> bytes_;  // of messages
  std::vector<Job> jobs_;
  using Due = std::pair<Nanos, std::size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;  // what happens next, by path
  std::vector<Nanos> queued_;                                       // by path: its entry that counts
  Nanos now_{};                                                     // the client's
  std::size_t awaited_ = 0;                                         // replies
  bool plain_;
};

}  // namespace splitwan::model
