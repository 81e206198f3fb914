#include "scenarios/commands/engine/init_tls.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/base/error.hh"
#include "engine/net/shard_links.hh"
#include "engine/tls/tls_folder.hh"
#include "scenarios/commands/engine/serve_role.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::TlsParty;

constexpr const char* usual_client = "client";

std::vector<TlsParty> server_and_clients(const InitTlsOptions& o) {
  TlsParty server{.name = "server", .names = o.names, .called = true};
  if (o.names.empty()) server.names = {"localhost", "127.0.0.1", "::1"};
  std::vector<TlsParty> parties = {server};
  for (const std::string& name : o.clients.empty() ? std::vector<std::string>{usual_client} : o.clients) {
    parties.push_back({.name = name, .calls = true});
    parties[0].lets_in.push_back(name);
  }
  return parties;
}

// Each proves the name of its role, so that none can pass for another.
std::vector<TlsParty> nodes_and_client(const Scenario& s) {
  const engine::Sharding& sharding = s.cascade.terms.sharding;
  std::vector<TlsParty> parties;
  for (engine::PartyId id = 0; std::cmp_less(id, sharding.parties()); ++id) {
    const engine::ShardParty party = sharding.party(id);
    TlsParty each{.name = engine::proved_name(party)};
    each.names = {each.name};
    if (const auto found = s.network.addresses.find(name_of(party)); found != s.network.addresses.end()) {
      if (const engine::Endpoint at = engine::parse_endpoint(found->second); !at.is_unix())
        each.names.push_back(at.host);
    }
    for (const auto& [caller, called] : sharding.pairs()) {
      each.calls |= caller == id;
      each.called |= called == id;
      if (called == id) each.lets_in.push_back(engine::proved_name(sharding.party(caller)));
    }
    parties.push_back(std::move(each));
  }
  return parties;
}

void announce(const InitTlsOptions& o, const std::vector<TlsParty>& parties, bool json) {
  namespace fs = std::filesystem;
  const engine::Certificate authority = engine::Certificate::read(o.folder + "/ca.pem");
  Json list = Json::array();
  for (const TlsParty& party : parties) {
    const std::string folder = o.folder + "/" + party.name;
    list.push_back({{"name", party.name},
                    {"folder", folder},
                    {"names", party.names},
                    {"valid_to", engine::Certificate::read(folder + "/cert.pem").ends()}});
  }
  if (json) {
    fmt::print("{}\n", Json{{"schema_version", 1},
                            {"folder", o.folder},
                            {"authority", authority.name()},
                            {"valid_to", authority.ends()},
                            {"parties", list}}
                           .dump());
    return;
  }
  fmt::print("{}: {}, valid to {}; ca.key stays here: who has it can let anybody in\n", o.folder,
             authority.name(), authority.ends());
  for (const Json& party : list) {
    const auto folder = party["folder"].get<std::string>();
    const auto names = party["names"].get<std::vector<std::string>>();
    fmt::print("{}: copy to {}'s machine{}; valid to {}\n", folder, party["name"].get<std::string>(),
               names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", ")),
               party["valid_to"].get<std::string>());
  }
}

}  // namespace

int init_tls(const InitTlsOptions& o, const std::string& scenario, bool json) {
  const bool there = std::filesystem::exists(o.folder + "/ca.key");
  if (!scenario.empty() && !(o.names.empty() && o.clients.empty()))
    throw Error(
        "--init-tls with --scenario: its nodes are named there: expected neither --name nor --client");
  std::vector<TlsParty> parties;
  if (!there) {
    parties = scenario.empty() ? server_and_clients(o) : nodes_and_client(sharded_scenario(scenario));
    engine::make_tls_folder(o.folder, parties, o.days);
  } else {
    if (!scenario.empty() || !o.names.empty() || o.clients.empty())
      throw Error("{}: exists: nothing is overwritten; expected --client NAME alone, to let in one more",
                  o.folder);
    for (const std::string& name : o.clients) {
      engine::add_tls_client(o.folder, name, {"server"}, o.days);
      parties.push_back({.name = name, .calls = true});
    }
  }
  announce(o, parties, json);
  if (!there && scenario.empty() && o.names.empty() && !json)
    fmt::print("the server proves to be localhost only: expected --name HOST for another machine\n");
  if (there && !json)
    for (const TlsParty& party : parties)
      fmt::print("{}/server/clients/{}.pem: copy to the server's folder of clients\n", o.folder, party.name);
  return 0;
}

void add_init_tls_options(CLI::App& command, InitTlsOptions& o) {
  auto* init = command.add_option(
      "--init-tls", o.folder,
      "make this folder: a small certificate authority, and what --tls wants on each of two machines (with "
      "--scenario: of each party of it); 0600, nothing is overwritten");
  const std::pair<CLI::Option*, CLI::Option*> several = {
      command.add_option("--name", o.names,
                         "with --init-tls: host name or address that the server proves; may be given several "
                         "times (default: localhost)"),
      command.add_option("--client", o.clients,
                         "with --init-tls: a client's name (default: client); on a folder that is there, one "
                         "more that is let in")};
  for (CLI::Option* option : {several.first, several.second})
    option->take_all()->allow_extra_args(false)->needs(init);
  command.add_option("--days", o.days, "with --init-tls: until the certificates end")
      ->capture_default_str()
      ->check(CLI::Range(1, 3650))
      ->needs(init);
}

}  // namespace splitwan::scenarios
