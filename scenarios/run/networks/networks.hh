// From a scenario's network to one that runs parties. A kind is a row in read/networks.inc and a file here.
#pragma once

#include <memory>

#include "engine/net/shard_links.hh"
#include "netsim/time/conductor.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

struct NetworkOrder {
  const NetworkChoice& choice;
  std::uint64_t seed = 1;
  // What work costs, where the kind charges it; parties that run at the same time are given one each.
  std::function<netsim::CostSource()> cost = {};
  netsim::MessageSize message_size = engine::wire_size;
  netsim::Jobs jobs = netsim::Jobs::compute;
  const engine::Sharding* shards = nullptr;  // where tokens are sharded
  engine::Limits answers = {};               // what a live server may send
  bool resumable = true;                     // a live server's session, over a connection made again
};

class RunNetwork : public engine::Network {
 public:
  // For the header's "simulator": version, TCP as it really runs, links as they were measured. null: none.
  virtual Json settings() const { return {}; }
  // For the end's "links": per direction bytes, packets, losses, utilisation and queue. null: not known. Ends
  // the network.
  virtual Json totals() { return {}; }
  // Of a live connection, for the end's "protection": "TLS 1.3, peer gpu". "" = none is live.
  virtual std::string protection() const { return ""; }
};

// Of a scenario's nodes that are there already.
engine::ShardLinks shard_links(const NetworkChoice&, const engine::Sharding&);

// Runs whoever it is given; with live servers, the client alone. Throws Error.
std::unique_ptr<RunNetwork> make_network(const NetworkOrder&);

}  // namespace splitwan::scenarios
