#include "scenarios/read/network_choice.hh"

#include "engine/base/error.hh"
#include "engine/base/link_json.hh"
#include "engine/base/nearest.hh"
#include "engine/base/units.hh"
#include "netsim/link/network_spec.hh"
#include "netsim/link/recording.hh"
#include "scenarios/imports/iperf3.hh"
#include "scenarios/imports/ping.hh"
#include "scenarios/imports/probed_path.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/topology.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;

// Typical paths. LTE and satellite: deep queues, asymmetric rates; their jitter and loss are examples, not
// measurements of any one network.
const std::vector<std::pair<std::string, Json>>& presets() {
  static const std::vector<std::pair<std::string, Json>> known = {
      {"direct-80ms", {{"rtt", "80ms"}, {"rate", "100Mbit"}}},
      {"proxied-300ms", {{"rtt", "300ms"}, {"rate", "100Mbit"}}},
      {"metro-20ms", {{"rtt", "20ms"}, {"rate", "1Gbit"}}},
      {"lan", {{"rtt", "1ms"}, {"rate", "1Gbit"}}},
      {"lte",
       {{"rtt", "50ms"},
        {"jitter", "4ms"},
        {"queue", "1MB"},
        {"up", {{"rate", "12Mbit"}}},
        {"down", {{"rate", "40Mbit"}}}}},
      {"geo-satellite",
       {{"rtt", "600ms"},
        {"jitter", "5ms"},
        {"bursts", {{"to_bad", 0.0001}, {"to_good", 0.1}, {"loss", 0.5}}},
        {"up", {{"rate", "5Mbit"}}},
        {"down", {{"rate", "50Mbit"}}}}},
      {"transatlantic", {{"rtt", "90ms"}, {"rate", "500Mbit"}, {"jitter", "0.2ms"}, {"loss", "0.01%"}}}};
  return known;
}

const Json& preset_named(const std::string& name) {
  for (const auto& [known, link] : presets()) {
    if (known == name) return link;
  }
  const std::string near = engine::nearest(name, preset_names());
  throw Error("'{}' is no preset{}: expected one of {}", name,
              near.empty() ? "" : fmt::format(" (did you mean {}?)", near), fmt::join(preset_names(), ", "));
}

using TcpRow = engine::KeyRow<netsim::TcpSpec>;

const std::vector<TcpRow>& tcp_rows() {
  using Tcp = netsim::TcpSpec;
  // A key that is a member of its own name.
  const auto plain = [](auto Tcp::*member) {
    return [member](Tcp& t, ObjectReader& r, const std::string& key) { t.*member = r.get(key, t.*member); };
  };
  const auto time = [](Nanos Tcp::*member) {
    return [member](Tcp& t, ObjectReader& r, const std::string& key) {
      read_text(r, key, [&](const std::string& text) { t.*member = engine::parse_duration(text); });
    };
  };
  static const std::vector<TcpRow> rows = {
      {{"congestion", "cubic-linux, cubic or reno", "cubic-linux", "cubic-linux: Linux's window rules"},
       plain(&Tcp::congestion)},
      {{"segment", "bytes", "what fits the links, at most 1448", "of data in one packet"},
       plain(&Tcp::segment)},
      {{"initial_window", "segments", "10", "sent before the first acknowledgement"},
       plain(&Tcp::initial_window)},
      {{"buffer", "bytes, as in 8MiB", "8MiB", "of sender and of receiver"},
       [](Tcp& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& text) {
           const std::uint64_t bytes = engine::parse_bytes(text);
           if (bytes > 1u << 30) throw Error("expected at most 1GiB, found {}", text);
           t.buffer = static_cast<std::uint32_t>(bytes);
         });
       }},
      {{"min_rto", "time, as in 200ms", "200ms", "least retransmission timeout"}, time(&Tcp::min_rto)},
      {{"rto_form", "linux or rfc6298", "linux", "srtt + max(4 rttvar, min_rto), or max of the two"},
       plain(&Tcp::rto_form)},
      {{"delayed_ack_segments", "segments", "1", "acknowledged at the latest"},
       plain(&Tcp::delayed_ack_segments)},
      {{"delayed_ack_timeout", "time, as in 40ms", "40ms", "after which one is sent anyway"},
       time(&Tcp::delayed_ack_timeout)},
      {{"slow_start_after_idle", "true or false", "true", "the window closes while nothing is sent"},
       plain(&Tcp::slow_start_after_idle)},
      {{"app_limited_decay", "linux, rfc2861 or off", "linux", "of a window that did not limit"},
       plain(&Tcp::app_limited_decay)},
      {{"nagle", "true or false", "false",
        "a last, partial segment waits for acknowledgements: a sender without TCP_NODELAY"},
       plain(&Tcp::nagle)},
  };
  return rows;
}

netsim::TcpSpec read_tcp(const Json& json, netsim::TcpSpec tcp, const std::string& where) {
  ObjectReader r(json, where);
  read_rows(tcp_rows(), tcp, r);
  r.done();
  return tcp;
}

// A number of them, or an object.
netsim::OtherSessions read_sessions(const Json& value, const std::string& where) {
  netsim::OtherSessions sessions;
  const Json object = value.is_object() ? value : Json{{"count", value}};
  ObjectReader r(object, where);
  sessions.count = r.need<std::uint32_t>("count");
  for (const auto& [key, bytes] : {std::pair{"up", &sessions.up}, {"down", &sessions.down}}) {
    if (const Json* found = r.find(key); found && found->is_number())
      *bytes = r.need<std::uint64_t>(key);
    else
      read_text(r, key, [&, into = bytes](const std::string& text) { *into = engine::parse_bytes(text); });
  }
  read_text(r, "held", [&](const std::string& text) { sessions.held = engine::parse_duration(text); });
  read_text(r, "pause", [&](const std::string& text) { sessions.pause = engine::parse_duration(text); });
  r.done();
  if (sessions.count > 0) {  // the simulator's own rules
    const Json written(engine::to_json(sessions));
    engine::parse_sessions(ObjectReader(written, where));
  }
  return sessions;
}

// One direction's own keys: a rate alone, or an object.
void read_direction(ObjectReader& outer, const std::string& key, netsim::LinkSpec& link, bool is_up,
                    const std::string& folder, std::vector<std::string>& unknown) {
  const Json* value = outer.find(key);
  if (!value) return;
  const Json object = value->is_string() ? Json{{"rate", *value}} : *value;
  ObjectReader r(object, outer.path(key));
  read_link(r, link, is_up, folder, unknown);
  r.done();
}

// The simulator's own rules, before it is started.
void check(const netsim::LinkSpec& link, const std::string& where) {
  engine::parse_link(Json(engine::to_json(link)), where);
}

}  // namespace

void read_both_ways(ObjectReader& r, netsim::LinkSpec& up, netsim::LinkSpec& down, const std::string& folder,
                    std::vector<std::string>& unknown) {
  const auto note = [&](const std::string& file, const std::vector<std::string>& notes) {
    for (const std::string& what : notes) unknown.push_back(fmt::format("{}: {}", file, what));
  };
  read_text(r, "ping", [&](const std::string& file) {
    const PingSummary found = read_ping(beside(folder, file));
    apply(found, up, down);
    note(file, found.notes);
  });
  read_text(r, "iperf3", [&](const std::string& file) {
    const Iperf3Summary found = read_iperf3(beside(folder, file));
    note(file, found.notes);
    up.bits_per_second = found.up_bps.value_or(up.bits_per_second);
    down.bits_per_second = found.down_bps.value_or(down.bits_per_second);
  });
  read_text(r, "replay", [&](const std::string& file) {
    netsim::apply(netsim::read_recording(beside(folder, file)), up, down);
  });
  read_text(r, "probe",
            [&](const std::string& file) { apply(read_probed_path(beside(folder, file)), up, down); });
  read_link(r, up, true, folder, unknown);
  read_link(r, down, false, folder, unknown);
  read_direction(r, "up", up, true, folder, unknown);
  read_direction(r, "down", down, false, folder, unknown);
}

NetworkChoice::NetworkChoice() {
  for (netsim::LinkSpec* link : {&up, &down}) {
    link->delay = std::chrono::milliseconds(40);
    link->bits_per_second = 100e6;
  }
}

namespace {

bool may_lose(const netsim::LinkSpec& link) {
  return link.loss > 0 || link.bursts.to_bad > 0 || !link.losses.empty() ||
         std::ranges::any_of(link.schedule,
                             [](const auto& change) { return change.link.loss > 0 || change.link.down; });
}

}  // namespace

NetworkChoice read_network(const Json& json, const std::string& where, const std::string& folder,
                           const engine::Sharding* shards) {
  NetworkChoice n;
  ObjectReader r(json, where);
  read_text(r, "kind", [&](const std::string& text) { n.kind = network_kind_named(text); });
  read_text(r, "preset", [&](const std::string& name) {
    ObjectReader preset(preset_named(name), name);
    read_both_ways(preset, n.up, n.down, "", n.unknown);
  });
  read_both_ways(r, n.up, n.down, folder, n.unknown);
  if (shards)
    read_shard_links(r, n, folder, *shards);
  else
    read_topology(r, n, folder);
  read_text(r, "probe", [&](const std::string& file) {
    const ProbedPath probed = read_probed_path(beside(folder, file));
    apply(probed, n.tcp);
    for (const std::string& what : probed.cannot_tell)
      n.unknown.push_back(fmt::format("{} does not tell {}", file, what));
  });
  if (const Json* tcp = r.find("tcp")) n.tcp = read_tcp(*tcp, n.tcp, where + ": tcp");
  const Json* sessions = r.find("sessions");
  if (sessions) n.sessions = read_sessions(*sessions, where + ": sessions");
  n.server = r.get<std::string>("server", "");
  if (r.find("tls")) n.protection.tls = beside(folder, r.need<std::string>("tls"));
  n.protection.tls_name = r.get<std::string>("tls_name", "");
  if (r.find("token")) n.protection.token = beside(folder, r.need<std::string>("token"));
  n.protection.insecure = r.get("insecure", false);
  read_text(r, "timeout", [&](const std::string& text) { n.patience = engine::parse_duration(text); });
  read_text(r, "max_outage", [&](const std::string& text) { n.max_outage = engine::parse_duration(text); });
  read_text(r, "replay", [&](const std::string& file) {
    for (const std::string& what : netsim::read_recording(beside(folder, file)).cannot_tell)
      n.unknown.push_back(fmt::format("{} does not tell {}", file, what));
  });
  n.pcap = r.get<std::string>("pcap", "");
  if (!n.pcap.empty()) n.pcap = beside(folder, n.pcap);
  r.done();
  const NetworkRow& row = row_of(n.kind);
  for (const char* key : {"tls", "tls_name", "token", "insecure"})
    if (r.find(key) && n.server.empty() && n.addresses.empty())
      throw Error("{}: {}: it is of live connections: expected \"server\"{} beside it", where, key,
                  shards ? " or \"addresses\"" : "");
  if (!n.server.empty() && !row.takes_server)
    throw Error("{}: server: a live server needs kind \"{}\", found \"{}\"", where,
                network_kinds_text(&NetworkRow::takes_server), row.name);
  if (!row.any_topology && !shards && n.parties.size() != 2)
    throw Error("{}: parties: a network of kind {} joins two, found {}", where, row.name,
                fmt::join(n.parties, ", "));
  if (sessions && !row.shares)
    throw Error("{}: sessions: others are on links of kind {} only: expected no such key, found kind {}",
                where, network_kinds_text(&NetworkRow::shares), row.name);
  if (n.sessions.count > 0 && n.parties.size() != 2)
    throw Error("{}: sessions: expected a link of two parties, found {}", where, fmt::join(n.parties, ", "));
  if (row.packets && row.wall_time && r.find("tcp"))
    throw Error("{}: tcp: the kernel's is as it is, in a network of kind {}: expected no such key", where,
                row.name);
  if (!row.packets) return n;
  for (const netsim::Edge& edge : n.edges) {
    if (edge.forward.bits_per_second == 0 || edge.backward.bits_per_second == 0)
      throw Error("{}: rate: links of kind {} have one: expected bits per second, found unlimited", where,
                  row.name);
    check(edge.forward, where + ": up");
    check(edge.backward, where + ": down");
    if (n.tcp.nagle && (may_lose(edge.forward) || may_lose(edge.backward)))
      throw Error(
          "{}: tcp: nagle: ns-3 3.37 then holds back what must be sent again, for ever: expected links "
          "without losses",
          where);
  }
  return n;
}

namespace {

std::string kinds_help() {
  std::string text = "what carries the messages";
  for (const NetworkRow& row : network_table()) text += fmt::format("; {}: {}", row.name, row.help);
  return text;
}

}  // namespace

std::string usual_network_text() { return fmt::format("{}, 80ms, 100Mbit", name_of(NetworkChoice().kind)); }

std::vector<SchemaKey> network_schema() {
  const std::string_view usual = name_of(NetworkChoice().kind);
  std::vector<SchemaKey> list = {
      {"kind", network_kinds_text(), std::string(usual), kinds_help()},
      {"preset", fmt::format("{}", fmt::join(preset_names(), ", ")), "none",
       "a usual path; keys beside it change it"},
      {"ping", "file", "none", "what ping printed: round trip and loss"},
      {"iperf3", "file", "none", "what iperf3 --json printed: rates"},
      {"replay", "file", "none",
       "what `splitwan link --record` wrote: delays, rates and losses as they were"},
      {"probe", "file", "none", "what `splitwan link --probe` wrote: round trip, jitter, rates, windows"}};
  append(list, link_schema());
  append(
      list,
      {{"up", "rate, or {LINK keys}", "none", "to the server alone"},
       {"down", "rate, or {LINK keys}", "none", "from the server alone"},
       {"server", "HOST:PORT or unix:PATH", "none",
        fmt::format(
            "a live server, or several joined by commas, tried in turn ({}); else both sides are here",
            network_kinds_text(&NetworkRow::takes_server))},
       {"tls", "folder", "none",
        "as `splitwan serve --init-tls` makes it: TLS 1.3 with live servers; with cascade it holds one for "
        "each party"},
       {"tls_name", "host name or address", "the host that is called",
        "that the server must prove, as through a tunnel"},
       {"token", "file", "none", "of mode 0600: what it holds is shown to the server"},
       {"insecure", "true or false", "false",
        "allow plain TCP with addresses other than loopback: anybody on the way can read and change what is "
        "sent"},
       {"timeout", "time, as in 60s", "60s",
        "how long to wait for each of a live server's answers; then its connection counts as lost"},
       {"max_outage", "time, as in 60s", "60s",
        "for so long a lost connection is made again, and the session goes on; 0s: its loss is an error"},
       {"sessions", "count, or {count, up, down, held, pause}", "0",
        "other people's, on the same link over TCP of their own: each sends up bytes (8192), waits for "
        "held (20ms) and down bytes (8192), rests for pause (10ms), and again (ns3)"},
       {"pcap", "beginning of file names", "none", "ns-3's packet captures"}});
  append(list, topology_schema());
  append(list, keys_of(tcp_rows()), "tcp.");
  return list;
}

std::vector<engine::Endpoint> servers_of(const NetworkChoice& n) {
  std::vector<engine::Endpoint> servers;
  for (const std::string& server : engine::split_list(n.server))
    servers.push_back(engine::parse_endpoint(server));
  return servers;
}

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    list.reserve(presets().size());
    for (const auto& [name, link] : presets()) list.push_back(name);
    return list;
  }();
  return names;
}

NetworkChoice parse_link(const std::string& text) {
  Json json = {{"kind", name_of(network_kind_for(Unnamed::over_a_link))}};
  for (const std::string& part : engine::split_list(text)) {
    const auto equals = part.find('=');
    const std::string key = equals == std::string::npos ? "preset" : part.substr(0, equals);
    if (key == "kind" || key == "server" || key == "tcp" || key == "timeout" || key == "max_outage")
      throw Error("link '{}': '{}' is no property of a link", text, key);
    if (json.contains(key)) throw Error("link '{}': {} is given twice", text, key);
    const std::string value = equals == std::string::npos ? part : part.substr(equals + 1);
    json[key] = value;
    if (key == "mtu" || key == "outage" || key == "sessions")
      json[key] = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  }
  return read_network(json, "link");
}

netsim::NetworkSpec spec_of(const NetworkChoice& n, std::uint64_t seed) {
  netsim::NetworkSpec spec;
  spec.edges = n.parties.size() == 2 ? std::vector<netsim::Edge>{{0, 1, n.up, n.down, n.sessions}} : n.edges;
  spec.tcp = n.tcp;
  spec.seed = seed;
  spec.pcap = n.pcap;
  return spec;
}

engine::StatedNetwork stated(const NetworkChoice& n) {
  engine::StatedNetwork network;
  network.kind = name_of(n.kind);
  const NetworkRow& row = row_of(n.kind);
  network.live = row.splits && !row.has_link;
  if (!row.splits || network.live) return network;
  for (const netsim::Edge& edge : spec_of(n, 0).edges)
    network.edges.push_back(
        {edge.a, edge.b, engine::stated(edge.forward), engine::stated(edge.backward), edge.sessions});
  if (!row.packets) return network;
  network.tcp = n.tcp;
  if (row.wall_time) network.tcp->recovery = "rack";  // the kernel's
  return network;
}

}  // namespace splitwan::scenarios
