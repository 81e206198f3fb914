// How live connections are protected, as scenarios and options say it: one place for all commands. Plain TCP
// only on loopback, or loudly.
#pragma once

#include "engine/net/stream.hh"
#include "engine/party/shards.hh"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace splitwan::scenarios {

struct NetworkChoice;

struct Protection {
  std::string tls;       // a folder as `splitwan serve --init-tls` makes them; "" = none
  std::string tls_name;  // that a server must prove; "" = the host that is called
  std::string token;     // a file; "" = none
  bool insecure = false;
};

// A client's connection with network.server. Throws Error where activations, or a token, would cross a
// network in clear without anybody's saying so; where somebody did, stderr does.
engine::MakeStream streams_for(const NetworkChoice&);
// A server's, which listens here.
engine::MakeStream streams_at(const engine::Endpoint&, const Protection&);
// Of one party of sharded tokens, with all that it speaks with: from its own folder within `tls`.
engine::MakeStream streams_for(const NetworkChoice&, const engine::Sharding&, engine::PartyId self);

// Throws Error naming an option that protects nothing where no server is called.
void refuse_protection(const Protection&);

std::string token_of(const Protection&);  // what the file holds; "" = none

// --tls, --token and --insecure; of one that calls also --tls-name.
void add_protection_options(CLI::App&, Protection&, engine::Side);

}  // namespace splitwan::scenarios
