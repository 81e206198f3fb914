// The connections of one party of a sharded session (party/shards.hh) among live ones: of two that speak with
// each other, the one with the lower number calls.
#pragma once

#include <map>

#include "engine/net/sockets.hh"
#include "engine/party/shards.hh"

namespace splitwan::engine {

struct ShardLinks {
  Sharding sharding;
  std::map<PartyId, Endpoint> addresses;      // of every node
  Nanos patience = std::chrono::seconds(60);  // for each call, and for the others once one has called
  Limits limits = {};                         // of messages
  std::function<void(const std::string& line)> turned_away = {};  // who called, and is nobody of these
};

// What a node proves to be, where nodes prove who they are: "client", "comp-3", "attn-2-5", "merge".
std::string proved_name(const ShardParty&);

// Takes the calls that `self` waits for (as long as it takes for the first), then makes its own, again and
// again until `patience` is over. `listener`: null where nobody calls. Throws Error naming who is missing.
void join(SocketTransport&, PartyId self, const ShardLinks&, Listener* listener);

}  // namespace splitwan::engine
