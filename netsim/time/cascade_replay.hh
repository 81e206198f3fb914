// A session with sharded tokens played without tensors: the client, the CompNodes, the AttnNodes and the
// aggregator where there is one, in the order of work and messages that engine/party/shard_plan.hh has.
#pragma once

#include "engine/party/shard_plan.hh"
#include "netsim/time/replay.hh"

namespace splitwan::netsim {

struct CascadeSession {
  struct Trip {  // one batch
    std::uint64_t step = 0;
    std::uint32_t context = 0, rows = 0;
    std::vector<std::size_t> sends, receives;  // the client's
  };
  std::vector<engine::ShardMessage> messages;  // by number, of the whole session
  struct Job {
    engine::ShardJob job;
    engine::Work work;
    std::uint64_t step = 0;
    std::uint32_t context = 0;
  };
  std::map<PartyId, std::vector<Job>> jobs;  // in order
  std::size_t greetings = 0;                 // of the messages, the first
  std::vector<Trip> prompt, decode;
  std::vector<engine::Step> steps;
  std::map<std::uint64_t, engine::Nanos> rests;  // by step
  engine::Work head, tail;                       // of one row
  engine::ShardTerms terms;
};

// Layers, widths, wire and costs are the profile's, whose head and tail layers are the client's.
CascadeSession cascade_session(const engine::ShardTerms&, const Batches&, const Profile&);

// Everybody's part. The session outlives them.
std::map<PartyId, engine::PartyMain> play(const CascadeSession&, std::map<PartyId, engine::MemoryRecorder>&);

}  // namespace splitwan::netsim
