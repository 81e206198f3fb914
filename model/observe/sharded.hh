// A run with sharded tokens (engine/party/shards.hh) as the latency model takes it: what each step carried,
// what the client did beside, and what the nodes' jobs took where the trace has them.
#pragma once

#include "engine/party/shard_plan.hh"
#include "model/observe/observation.hh"

namespace splitwan::model {

// One batch of a step. Where rows of a tree lie is read from who was sent how many: as evenly as that allows.
struct ShardedBatch {
  std::uint32_t context = 0;
  std::vector<std::uint32_t> depths = {};
  bool chain = true;
  double lead_s = 0, tail_s = 0;  // the client's work before its requests, and on its replies
};

struct ShardedStep {
  bool prefill = false;
  std::uint32_t rows = 0, accepted = 0;
  double total_s = 0, draft_s = 0, pause_s = 0;  // draft_s: guessing and checking; pause_s: before it
  std::vector<ShardedBatch> batches = {};
};

enum class NodeWork : std::uint8_t {
  first,
  inner,
  last,
  attend,
  merge
};  // of a CompNode the three, by layer
inline constexpr int node_works = 5;
NodeWork kind_of(const engine::ShardJob&, const engine::Sharding&, int layers);

struct NodeJob {
  NodeWork kind = NodeWork::inner;
  double rows = 0, keys = 0, seconds = 0;  // keys: rows times those each sees, about
};

struct ShardedRun {
  std::size_t run = 0;  // index in the runs observed
  engine::ShardTerms terms;
  engine::ShardWidths widths;
  std::string wire, drafter;
  Condition condition = {}, inner = {};  // of the client's links, and of each pair's of nodes
  std::vector<ShardedStep> steps = {};
  std::vector<NodeJob> jobs = {};  // empty: the trace has the client's side alone
};

bool is_sharded(const engine::RunHeader&);
// Runs whose tokens are sharded; throws Error naming the run and what it lacks: geometry, plan, wire, one
// link for all pairs.
std::vector<ShardedRun> observe_sharded(const std::vector<engine::Run>&);

}  // namespace splitwan::model
