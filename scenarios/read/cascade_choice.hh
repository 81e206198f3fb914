// Cascade in a scenario (arXiv 2507.05228): whether tokens are sharded among nodes, and how.
#pragma once

#include "engine/party/shard_terms.hh"

namespace splitwan::scenarios {

struct CascadeChoice {
  bool on = false;
  engine::ShardTerms terms;
  int public_prefix = 0;  // times alpha * cluster tokens of a text that everybody knows, before each prompt

  int prefix_tokens() const { return public_prefix * terms.sharding.stride(); }
};

}  // namespace splitwan::scenarios
