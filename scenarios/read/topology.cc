#include "scenarios/read/topology.hh"

#include <algorithm>
#include <set>
#include <utility>

#include "netsim/link/network_spec.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using engine::PartyId;

PartyId party_named(const NetworkChoice& n, ObjectReader& r, const std::string& key) {
  const auto name = r.need<std::string>(key);
  const auto it = std::find(n.parties.begin(), n.parties.end(), name);
  if (it == n.parties.end())
    throw Error("{}: expected one of {}, found '{}'", r.path(key), fmt::join(n.parties, ", "), name);
  return static_cast<PartyId>(it - n.parties.begin());
}

void read_edge(const Json& json, const std::string& where, NetworkChoice& n, const std::string& folder) {
  ObjectReader r(json, where);
  const PartyId from = party_named(n, r, "from"), to = party_named(n, r, "to");
  if (from == to) throw Error("{}: expected another party than 'from'", r.path("to"));
  auto edge = std::find_if(n.edges.begin(), n.edges.end(), [&](const netsim::Edge& e) {
    return std::minmax(e.a, e.b) == std::minmax(from, to);
  });
  if (edge == n.edges.end()) edge = n.edges.insert(edge, {from, to, n.up, n.down});
  const bool along = edge->a == from;
  read_both_ways(r, along ? edge->forward : edge->backward, along ? edge->backward : edge->forward, folder,
                 n.unknown);
  r.done();
}

}  // namespace

std::vector<SchemaKey> topology_schema() {
  return {
      {"parties", "list of names", "client, server", "who takes part; the first one holds the text"},
      {"topology", "star or mesh", "none", "links of the first party with each other one, or of every pair"},
      {"links", "list of {from, to, LINK keys}", "none", "of one pair, over what holds for all"},
      {"inner", "object of LINK keys", "as the client's", "with cascade: of links between nodes"},
      {"addresses", "object of HOST:PORT", "none",
       "with cascade: where each node listens (\"comp:0\", \"attn:0,1\", .., \"merge\"), kind sockets; else "
       "all are "
       "here"}};
}

namespace {

void read_links(ObjectReader& r, NetworkChoice& n, const std::string& folder) {
  const Json* links = r.find("links");
  if (!links) return;
  if (!links->is_array()) throw Error("{}: expected a list, found {}", r.path("links"), links->dump());
  std::size_t i = 0;
  for (const Json& link : *links) read_edge(link, fmt::format("{}[{}]", r.path("links"), i++), n, folder);
}

}  // namespace

void read_shard_links(ObjectReader& r, NetworkChoice& n, const std::string& folder,
                      const engine::Sharding& shards) {
  n.parties.clear();
  for (PartyId id = 0; std::cmp_less(id, shards.parties()); ++id)
    n.parties.push_back(name_of(shards.party(id)));
  netsim::LinkSpec there = n.up, back = n.down;
  if (const Json* inner = r.find("inner")) {
    ObjectReader own(*inner, r.path("inner"));
    read_both_ways(own, there, back, folder, n.unknown);
    own.done();
  }
  for (const auto& [a, b] : shards.pairs())
    n.edges.push_back(a == 0 ? netsim::Edge{a, b, n.up, n.down} : netsim::Edge{a, b, there, back});
  const std::size_t pairs = n.edges.size();
  read_links(r, n, folder);
  if (n.edges.size() != pairs)
    throw Error("{}: {} and {} never speak with each other", r.path("links"), n.parties[n.edges.back().a],
                n.parties[n.edges.back().b]);
  if (const Json* addresses = r.find("addresses")) {
    ObjectReader own(*addresses, r.path("addresses"));
    for (const auto& [name, address] : addresses->items()) n.addresses[name] = own.need<std::string>(name);
  }
  for (const auto& [name, address] : n.addresses)
    if (party_named(shards, name) == 0)
      throw Error("{}: the client calls, and is not called: expected no such key",
                  r.path("addresses." + name));
  if (!n.addresses.empty() && n.addresses.size() + 1 != n.parties.size())
    throw Error("{}: expected one of each of {} nodes, found {}", r.path("addresses"), shards.nodes(),
                n.addresses.size());
}

void read_topology(ObjectReader& r, NetworkChoice& n, const std::string& folder) {
  n.parties = r.get("parties", n.parties);
  if (n.parties.size() < 2 || std::set(n.parties.begin(), n.parties.end()).size() != n.parties.size())
    throw Error("{}: expected at least two names, each once", r.path("parties"));
  for (const char* key : {"inner", "addresses"})
    if (r.find(key))
      throw Error("{}: it is of sharded tokens: expected \"cascade\" in the scenario", r.path(key));
  const auto count = static_cast<PartyId>(n.parties.size());
  const auto topology = r.get<std::string>("topology", "");
  if (topology == "star" || (topology.empty() && count == 2)) {
    n.edges = netsim::star_edges(count, n.up, n.down);
  } else if (topology == "mesh") {
    n.edges = netsim::mesh_edges(count, n.up, n.down);
  } else if (topology.empty()) {
    n.edges.clear();
  } else {
    throw Error("{}: expected star or mesh, found '{}'", r.path("topology"), topology);
  }
  read_links(r, n, folder);
  std::set<PartyId> joined;
  for (const netsim::Edge& edge : n.edges) joined.insert({edge.a, edge.b});
  for (PartyId party = 0; party < count; ++party) {
    if (!joined.count(party))
      throw Error("{}: '{}' has no link: name its own, or a topology", r.path("links"), n.parties[party]);
  }
  if (n.edges.size() == 1) {  // the pair's own links are what everybody looks at
    n.up = n.edges[0].forward;
    n.down = n.edges[0].backward;
    if (n.edges[0].a != 0) std::swap(n.up, n.down);
  }
}

void expect_two_parties(const NetworkChoice& n, const std::string& where, const std::string& what) {
  if (n.parties.size() != 2)
    throw Error("{}: network: parties: {} is between a client and a server, found {}", where, what,
                fmt::join(n.parties, ", "));
}

}  // namespace splitwan::scenarios
