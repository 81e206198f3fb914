// Parties and the links between them, as a scenario names them; without, a client and a server.
//
// "parties": ["client", "server", "third"], "topology": "star" (the first with each other one) or "mesh",
// "links": [{"from": "client", "to": "third", LINK keys}]       of one pair, over what holds for all
#pragma once

#include "engine/base/schema.hh"
#include "engine/party/shards.hh"

namespace splitwan::scenarios {

using engine::SchemaKey;

struct NetworkChoice;

std::vector<SchemaKey> topology_schema();
// Reads those keys after the links' own. Throws Error naming the key.
void read_topology(engine::ObjectReader&, NetworkChoice&, const std::string& folder);
// Of sharded tokens: its parties are known; "inner" {LINK keys} holds between nodes, "links" for single
// pairs, and "addresses" {"comp:0": "HOST:PORT", ..} names every node where they are there already.
void read_shard_links(engine::ObjectReader&, NetworkChoice&, const std::string& folder,
                      const engine::Sharding&);
// Throws Error where there are others than a client and a server: `what` has no use for them.
void expect_two_parties(const NetworkChoice&, const std::string& where, const std::string& what);

}  // namespace splitwan::scenarios
