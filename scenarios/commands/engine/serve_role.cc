#include "scenarios/commands/engine/serve_role.hh"

#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/net/shard_links.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/run/cascade.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

struct KeepNothing : engine::Recorder {
  void span(const engine::Span&) override {}
  void step(const engine::Step&) override {}
};

Scenario scenario_of(const RoleOptions& o) {
  Json json = read_scenario_file(o.scenario, {});
  if (json.contains("sweep")) throw Error("{}: a sweep: expected one scenario to serve", o.scenario);
  for (const char* client_s : {"prompts", "prompts_per_class", "decode", "draft_model", "sampling"})
    json.erase(client_s);  // a node need not have them, and never opens them
  Scenario s = read_scenario(json, o.scenario, Asks::nothing);
  if (!s.cascade.on) throw Error("{}: cascade: expected the key beside --role", o.scenario);
  if (s.network.addresses.empty())
    throw Error("{}: network: addresses: expected where each node listens", o.scenario);
  if (!o.model.empty()) s.model = o.model;
  return s;
}

}  // namespace

int serve_role(const RoleOptions& o) {
  const Scenario s = scenario_of(o);
  const engine::Sharding& sharding = s.cascade.terms.sharding;
  const engine::PartyId self = party_named(sharding, o.role);
  if (self == 0) throw Error("--role client: the client is `splitwan run {}`", o.scenario);
  engine::ShardLinks links = shard_links(s.network, sharding);
  links.limits.first_payload = 1 << 16;  // a hello
  const engine::Endpoint& here = links.addresses.at(self);
  for (const auto& [id, address] : links.addresses) {  // where it listens, and whom it calls
    const auto pairs = sharding.pairs();
    const bool speaks = id == self || std::ranges::find(pairs, std::pair{self, id}) != pairs.end();
    if (!o.insecure && speaks && !address.is_loopback())
      throw Error(
          "{}: network: addresses: {}: {}:{} is not a loopback address, and activations would cross the "
          "network in "
          "clear: use an SSH tunnel (see README), or say --insecure",
          o.scenario, name_of(sharding.party(id)), address.host, address.port);
  }
  ShardNode node(s, self);
  engine::Listener listener(here);
  const engine::Endpoint& address = listener.address();
  if (o.json)
    fmt::print("{}\n", Json{{"schema_version", 1},
                            {"role", o.role},
                            {"host", address.host},
                            {"port", address.port},
                            {"layers", {node.layers().begin, node.layers().end}}}
                           .dump());
  else
    fmt::print("{} listening on {}:{}, {}\n", o.role, address.host, address.port, node.holds());
  std::fflush(stdout);
  at::set_num_threads(s.threads);
  int failed = 0;
  while (true) {
    try {
      engine::WallClock clock;
      engine::SocketTransport transport(clock);
      transport.tell_of_departures();
      join(transport, self, links, &listener);
      fmt::print(stderr, "{}: a session began\n", o.role);
      KeepNothing nothing;
      engine::Party party(self, transport, clock, nothing);
      node.serve(party);
      fmt::print(stderr, "{}: a session ended\n", o.role);
      failed = 0;
    } catch (const std::exception& e) {
      fmt::print(stderr, "{}: a session ended: {}\n", o.role, e.what());
      failed = 2;
    }
    if (o.once) return failed;
  }
}

}  // namespace splitwan::scenarios
