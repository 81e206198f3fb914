#include "scenarios/read/protection.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <set>

#include "engine/base/error.hh"
#include "engine/base/plain_text.hh"
#include "engine/net/shard_links.hh"
#include "engine/tls/tls_stream.hh"
#include "engine/tls/token.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {
namespace {

using engine::Endpoint;
using engine::Error;
using engine::MakeStream;
using engine::TlsSides;

constexpr const char* ways_out =
    "expected --tls FOLDER (as `splitwan serve --init-tls` makes), a Unix socket or loopback through an SSH "
    "tunnel, or --insecure";

// Plain TCP: `what` says which connection.
MakeStream plain(const std::string& what, bool private_line, const Protection& p) {
  if (private_line) return engine::make_plain_stream;
  if (!p.token.empty())
    throw Error("{}: a token would cross the network in clear: expected --tls FOLDER beside --token", what);
  if (!p.insecure)
    throw Error("{}: not a loopback address, and activations would cross the network in clear: {}", what,
                ways_out);
  static std::set<std::string> said;  // once, however many runs go over it
  if (said.insert(what).second)
    std::fputs(
        (engine::one_line(fmt::format("INSECURE: {}: nothing is encrypted and nobody proves who they are: "
                                      "whoever is on the way can read and change what is sent",
                                      what)) +
         "\n")
            .c_str(),
        stderr);
  return engine::make_plain_stream;
}

}  // namespace

void refuse_protection(const Protection& p) {
  for (const auto& [option, given] : {std::pair{"--tls", !p.tls.empty()},
                                      {"--tls-name", !p.tls_name.empty()},
                                      {"--token", !p.token.empty()},
                                      {"--insecure", p.insecure}})
    if (given) throw Error("{}: protects a live connection: expected --server beside it", option);
}

MakeStream streams_for(const NetworkChoice& n) {
  const Protection& p = n.protection;
  if (!p.tls.empty()) return engine::tls_streams({p.tls, p.tls_name, TlsSides::caller});
  if (!p.tls_name.empty()) throw Error("--tls-name {}: expected --tls FOLDER beside it", p.tls_name);
  return plain("server " + n.server, std::ranges::all_of(servers_of(n), &Endpoint::is_loopback), p);
}

MakeStream streams_at(const Endpoint& here, const Protection& p) {
  if (p.tls.empty()) return plain("listening on " + here.text(), here.is_loopback(), p);
  if (p.token.empty() && !engine::asks_for_certificates(p.tls))
    throw Error("--tls {}: anybody would be let in: expected a folder 'clients' in it, or --token FILE",
                p.tls);
  return engine::tls_streams({p.tls, "", TlsSides::called});
}

MakeStream streams_for(const NetworkChoice& n, const engine::Sharding& sharding, engine::PartyId self) {
  const Protection& p = n.protection;
  if (!p.token.empty())
    throw Error("network: token: nodes know each other by their certificates: expected \"tls\" alone");
  if (!p.tls_name.empty())
    throw Error("network: tls_name: a node proves its own name, as in comp-0: expected no such key");
  if (!p.tls.empty()) return engine::tls_streams({p.tls + "/" + engine::proved_name(sharding.party(self))});
  const auto pairs = sharding.pairs();
  for (const auto& [name, address] : n.addresses) {  // where it listens, and whom it calls
    const engine::PartyId id = party_named(sharding, name);
    const bool speaks = id == self || std::ranges::find(pairs, std::pair{self, id}) != pairs.end();
    if (speaks) plain(fmt::format("{} {}", name, address), engine::parse_endpoint(address).is_loopback(), p);
  }
  return engine::make_plain_stream;
}

std::string token_of(const Protection& p) { return p.token.empty() ? "" : engine::read_token(p.token); }

void add_protection_options(CLI::App& command, Protection& p, engine::Side side) {
  const bool calls = side == engine::Side::caller;
  command.add_option(
      "--tls", p.tls,
      calls ? "TLS 1.3: this side's folder (ca.pem; cert.pem and key.pem), as `serve --init-tls` "
              "makes it"
            : "TLS 1.3: this side's folder (ca.pem, cert.pem, key.pem, clients), as --init-tls "
              "makes it");
  if (calls)
    command.add_option("--tls-name", p.tls_name,
                       "that the server must prove (default: the host it is called by)");
  command.add_option("--token", p.token,
                     calls
                         ? "file (mode 0600) with the token to show: over TLS, a Unix socket or loopback only"
                         : "file (mode 0600) with the token that clients must show");
  command.add_flag("--insecure", p.insecure, "allow plain TCP with addresses other than loopback");
}

}  // namespace splitwan::scenarios
