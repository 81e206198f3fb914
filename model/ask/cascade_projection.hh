// What the model of sharded tokens says of links and numbers of shards that nobody ran.
#pragma once

#include <optional>

#include "model/fit/cascade_model.hh"

namespace splitwan::model {

struct ShardPoint {
  engine::ShardTerms terms;
  Condition condition;
  ShardShape shape;
  ShardTrail step;                                      // the mean one
  std::uint64_t hops = 0, bytes = 0, client_bytes = 0;  // of a step: among the nodes, and the client's
  std::vector<std::string> warnings = {};               // what lies outside the fitted range
  double tokens_per_s() const { return shape.tokens_per_step / step.total_s(); }
};

// Form and place of the merge as fitted. Throws Error where the model's source states no geometry, plan or
// wire.
ShardPoint project(const CascadeModel&, int alpha, int cluster, const Condition&, const ShardShape&);
Json to_json(const ShardPoint&);

}  // namespace splitwan::model
