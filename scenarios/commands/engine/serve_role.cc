#include "scenarios/commands/engine/serve_role.hh"

#include <ATen/Parallel.h>

#include "engine/base/error.hh"
#include "engine/net/shard_links.hh"
#include "scenarios/commands/engine/ready.hh"
#include "scenarios/console/console.hh"
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

}  // namespace

Scenario sharded_scenario(const std::string& file) {
  Json json = read_scenario_file(file, {});
  if (json.contains("sweep")) throw Error("{}: a sweep: expected one scenario to serve", file);
  for (const char* client_s : {"prompts", "prompts_per_class", "decode", "draft_model", "sampling"})
    json.erase(client_s);  // a node need not have them, and never opens them
  Scenario s = read_scenario(json, file, Asks::nothing);
  if (!s.cascade.on) throw Error("{}: cascade: expected the key, of sharded tokens", file);
  if (s.network.addresses.empty())
    throw Error("{}: network: addresses: expected where each node listens", file);
  return s;
}

int serve_role(const RoleOptions& o) {
  Scenario s = sharded_scenario(o.scenario);
  if (!o.model.empty()) s.model = o.model;
  s.network.protection.insecure |= o.insecure;
  const engine::Sharding& sharding = s.cascade.terms.sharding;
  const engine::PartyId self = party_named(sharding, o.role);
  if (self == 0) throw Error("--role client: the client is `splitwan run {}`", o.scenario);
  engine::ShardLinks links = shard_links(s.network, sharding);
  links.limits.first_payload = 1 << 16;  // a hello
  links.turned_away = [&o](const std::string& line) { remark("{}: not let in: {}", o.role, line); };
  const engine::Endpoint& here = links.addresses.at(self);
  const engine::MakeStream streams = streams_for(s.network, sharding, self);
  ShardNode node(s, self);
  engine::Listener listener(here);
  const engine::Endpoint& address = listener.address();
  say_ready(address, {{"role", o.role}, {"layers", {node.layers().begin, node.layers().end}}},
            fmt::format("{} listening on {}, {}", o.role, address.text(), node.holds()), o.json);
  at::set_num_threads(s.threads);
  int failed = 0;
  while (true) {
    try {
      engine::WallClock clock;
      engine::SocketTransport transport(clock, streams);
      transport.tell_of_departures();
      join(transport, self, links, &listener);
      remark("{}: a session began", o.role);
      KeepNothing nothing;
      engine::Party party(self, transport, clock, nothing);
      node.serve(party);
      remark("{}: a session ended", o.role);
      failed = 0;
    } catch (const std::exception& e) {
      remark("{}: a session ended: {}", o.role, e.what());
      failed = 2;
    }
    if (o.once) return failed;
  }
}

}  // namespace splitwan::scenarios
