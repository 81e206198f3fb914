// Which network a scenario runs over, as a person writes it. No torch.
// Its keys: network_schema(). LINK keys hold for both directions, those under "up" and "down" for one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json_file.hh"
#include "engine/base/schema.hh"
#include "engine/party/run_header.hh"
#include "engine/party/shards.hh"
#include "netsim/link/link_simulator.hh"
#include "scenarios/read/network_kind.hh"
#include "scenarios/read/protection.hh"

namespace splitwan::scenarios {

using engine::Json;
using engine::Nanos;
using engine::SchemaKey;

struct NetworkChoice {
  NetworkChoice();
  NetworkKind kind = network_kind_for(Unnamed::over_a_link);
  netsim::LinkSpec up, down;                                // 100 Mbit/s, 40 ms each way
  std::vector<std::string> parties = {"client", "server"};  // a party's number is its place
  std::vector<netsim::Edge> edges = {};  // empty: the first two parties, joined by `up` and `down`
  netsim::TcpSpec tcp;
  netsim::OtherSessions sessions = {};                // of other people on the pair's link
  std::map<std::string, std::string> addresses = {};  // HOST:PORT of each node that is there already
  // HOST:PORT or unix:PATH, several joined by commas are tried in turn, where the kind takes one; empty =
  // both parties here.
  std::string server;
  Protection protection;                        // of live connections
  Nanos patience = std::chrono::seconds(60);    // with a server: for each of its answers
  Nanos max_outage = std::chrono::seconds(60);  // likewise: a lost connection is made again for so long
  std::string pcap;
  std::vector<std::string> unknown = {};  // what files that were imported could not tell, by name

  Nanos rtt() const { return up.delay + down.delay; }
};

// File names in it are sought from `folder`. Throws Error naming `where` and the key.
// `shards`: who takes part, with a link for each two that speak with each other.
NetworkChoice read_network(const Json&, const std::string& where, const std::string& folder = "",
                           const engine::Sharding* shards = nullptr);

std::vector<engine::Endpoint> servers_of(const NetworkChoice&);  // throws Error where one is no address

std::vector<SchemaKey> network_schema();
std::string usual_network_text();  // "ns3, 80ms, 100Mbit"

// A preset's name, settings as in rtt=80ms,rate=100Mbit,jitter=2ms, or a preset and settings over it.
NetworkChoice parse_link(const std::string&);
const std::vector<std::string>& preset_names();

// What lies on one pair's way: LINK keys, "up" and "down". `up` leads from the first of them. `unknown` gets
// what the files that it imports could not tell.
void read_both_ways(engine::ObjectReader&, netsim::LinkSpec& up, netsim::LinkSpec& down,
                    const std::string& folder, std::vector<std::string>& unknown);

// Its parties, joined by it.
netsim::NetworkSpec spec_of(const NetworkChoice&, std::uint64_t seed);

// What a trace's header says of it. Where nothing is sent, and on a live link, nobody set one.
engine::StatedNetwork stated(const NetworkChoice&);

}  // namespace splitwan::scenarios
