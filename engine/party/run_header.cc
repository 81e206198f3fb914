#include "engine/party/run_header.hh"

#include <charconv>
#include <cmath>
#include <concepts>

#include "engine/base/link_json.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::engine {
namespace {

Json ordered(const nlohmann::json& json) { return Json::parse(json.dump()); }

Json to_json(const StatedLink& stated) {
  Json json = ordered(to_json(stated.link));
  if (stated.deliveries > 0)
    json["deliveries"] = {{"count", stated.deliveries},
                          {"fingerprint", fmt::format("{:016x}", stated.fingerprint)}};
  return json;
}

Json to_json(const StatedNetwork& network) {
  Json json = {{"kind", network.kind}};
  if (network.live) json["live"] = true;
  json["links"] = Json::array();
  for (const StatedEdge& edge : network.edges) {
    json["links"].push_back(
        {{"from", edge.a}, {"to", edge.b}, {"up", to_json(edge.up)}, {"down", to_json(edge.down)}});
    if (edge.sessions.count > 0) json["links"].back()["sessions"] = ordered(to_json(edge.sessions));
  }
  if (network.tcp) json["tcp"] = ordered(to_json(*network.tcp));
  return json;
}

Json to_json(const StatedPlan& p) { return {{"head", p.head}, {"middle", p.middle}, {"tail", p.tail}}; }

// What is stated, under its key.
void put(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}
void put(Json& json, const char* key, const Json& value) {
  if (!value.is_null() && !(value.is_object() && value.empty())) json[key] = value;
}
template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::integral<T>)
    json[key] = *value;
  else
    json[key] = to_json(*value);
}

StatedLink link_of(ObjectReader link) {
  StatedLink stated{parse_link_keys(link, /*may_be_unlimited=*/true)};
  if (link.find("deliveries")) {
    ObjectReader r = link.child("deliveries");
    stated.deliveries = r.need<std::uint64_t>("count");
    const auto text = r.need<std::string>("fingerprint");
    const char* end = text.data() + text.size();
    if (const auto [stop, status] = std::from_chars(text.data(), end, stated.fingerprint, 16);
        status != std::errc{} || stop != end)
      throw Error("{}: expected up to 16 hex digits, found '{}'", r.path("fingerprint"), text.substr(0, 60));
    r.done();
  }
  link.done();
  return stated;
}

StatedNetwork network_of(const Json& json, const std::string& where) {
  StatedNetwork network;
  ObjectReader r(json, where);
  network.kind = r.need<std::string>("kind");
  network.live = r.get("live", live_unless_said(network.kind));
  for (const Json& link : r.list("links")) {
    ObjectReader e(link, fmt::format("{}[{}]", r.path("links"), network.edges.size()));
    StatedEdge edge{e.need<PartyId>("from"), e.need<PartyId>("to"), {}, {}};
    edge.up = link_of(e.child("up"));
    edge.down = link_of(e.child("down"));
    if (e.find("sessions")) edge.sessions = parse_sessions(e.child("sessions"));
    e.done();
    network.edges.push_back(std::move(edge));
  }
  if (r.find("tcp")) network.tcp = parse_tcp(r.child("tcp"));
  r.done();
  return network;
}

double within(ObjectReader& r, const char* key, double low, double high) {
  const Json* value = r.find(key);
  if (!value || value->is_null()) return 0;
  const auto number = r.need<double>(key);
  if (number >= low && number <= high) return number;
  throw Error("{}: expected {:g} to {:g}, found {:g}", r.path(key), low, high, number);
}

// What schema 1 kept from its reader: everything of a link but these.
std::string unsaid_of(const Json& scenario) {
  if (!scenario.is_object() || !scenario.contains("network") || !scenario["network"].is_object()) return "";
  Json rest = scenario["network"];
  for (const char* said :
       {"kind", "preset", "rtt", "delay", "rate", "loss", "jitter", "server", "timeout", "pcap"})
    rest.erase(said);
  for (const char* way : {"up", "down"}) {
    if (const auto it = rest.find(way); it != rest.end() && it->is_string()) rest.erase(way);
  }
  return rest.empty() ? "" : rest.dump();
}

// Schema 1's {network, rtt_s, up_bps, down_bps, loss, jitter_s}: the same both ways but for the rates.
StatedNetwork network_of_1(const Json& conditions, const Json& scenario, const std::string& where) {
  StatedNetwork network;
  ObjectReader r(conditions, where);
  network.kind = r.get<std::string>("network", "");
  network.live = live_unless_said(network.kind);
  constexpr double hour_s = 3600;
  const double rtt_s = within(r, "rtt_s", 0, hour_s), jitter_s = within(r, "jitter_s", 0, hour_s);
  const double up_bps = within(r, "up_bps", 0, 1e18), down_bps = within(r, "down_bps", 0, 1e18);
  const double loss = within(r, "loss", 0, 0.999);
  const Json* rtt = r.find("rtt_s");
  if (network.live && (!rtt || rtt->is_null())) return network;
  StatedEdge edge;
  const auto nanos = [](double s) { return LinkTime(std::llround(s * 1e9)); };
  for (LinkSpec* link : {&edge.up.link, &edge.down.link}) {
    link->loss = loss;
    if (jitter_s > 0) link->jitter = {JitterLaw::exponential, nanos(jitter_s)};
  }
  edge.up.link.delay = nanos(rtt_s) / 2;
  edge.down.link.delay = nanos(rtt_s) - edge.up.link.delay;
  edge.up.link.bits_per_second = up_bps;
  edge.down.link.bits_per_second = down_bps;
  network.edges.push_back(edge);
  network.unsaid = unsaid_of(scenario);
  return network;
}

StatedPrompt prompt_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  StatedPrompt p{r.get<std::string>("name", ""), r.get<std::string>("class", ""),
                 r.get<std::uint64_t>("tokens", 0)};
  r.done();
  return p;
}

StatedPlan plan_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  StatedPlan p{r.need<int>("head"), r.need<int>("middle"), r.need<int>("tail")};
  r.done();
  return p;
}

Machine machine_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  Machine m;
  m.cpu = r.get<std::string>("cpu", "");
  m.isa = r.get<std::string>("isa", "");
  m.threads = r.get("threads", 1);
  m.build = r.get<std::string>("build", "");
  m.version = r.get<std::string>("version", "");
  r.done();
  return m;
}

// Of sharded tokens, what is not a condition.
Json nodes_alike(Json cascade) {
  for (const char* condition : {"alpha", "cluster"})
    if (cascade.is_object()) cascade.erase(condition);
  return cascade;
}

// An absent key and null: not stated.
const Json* stated_at(ObjectReader& r, const char* key) {
  const Json* value = r.find(key);
  return value && !value->is_null() ? value : nullptr;
}

}  // namespace

bool live_unless_said(const std::string& kind) { return kind == "sockets"; }

Json to_json(const Sampling& s) {
  return {{"temperature", s.temperature},
          {"top_k", s.top_k},
          {"top_p", s.top_p},
          {"min_p", s.min_p},
          {"repetition_penalty", s.repetition_penalty}};
}

Sampling sampling_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  Sampling s;
  s.temperature = r.get("temperature", s.temperature);
  s.top_k = r.get("top_k", s.top_k);
  s.top_p = r.get("top_p", s.top_p);
  s.min_p = r.get("min_p", s.min_p);
  s.repetition_penalty = r.get("repetition_penalty", s.repetition_penalty);
  r.done();
  return s;
}

Json to_json(const Machine& m) {
  return {{"cpu", m.cpu}, {"isa", m.isa}, {"threads", m.threads}, {"build", m.build}, {"version", m.version}};
}

StatedLink stated(const LinkSpec& link) {
  StatedLink s{link, link.opportunities.size(), 0};
  if (s.deliveries == 0) return s;
  s.fingerprint = fingerprint_of(link);
  s.link.bits_per_second = mean_rate(link);
  s.link.opportunities.clear();
  return s;
}

Json to_json(const RunHeader& h) {
  Json json = {{"type", "run"}, {"schema_version", trace_schema_version}, {"run", h.run}};
  put(json, "scenario_name", h.scenario_name);
  put(json, "mode", h.mode);
  if (!h.network.kind.empty()) json["network"] = to_json(h.network);
  put(json, "drafter", h.drafter);
  put(json, "sampling", h.sampling);
  if (h.prompt)
    json["prompt"] = {{"name", h.prompt->name}, {"class", h.prompt->kind}, {"tokens", h.prompt->tokens}};
  put(json, "plan", h.plan);
  put(json, "wire", h.wire);
  put(json, "storage", h.storage);
  put(json, "device", h.device);
  put(json, "compute", h.compute);
  put(json, "defences", h.defences);
  put(json, "privacy", h.privacy);
  put(json, "cascade", h.cascade);
  put(json, "geometry", h.geometry);
  put(json, "seed", h.seed);
  put(json, "prompts_left_out", h.prompts_left_out);
  put(json, "commit", h.commit);
  put(json, "machine", h.machine);
  put(json, "simulator", h.simulator);
  put(json, "published", h.published);
  put(json, "scenario", h.scenario);
  put(json, "cell", h.cell);
  return json;
}

RunHeader run_header_of(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  const auto at = [&](const char* key) { return r.path(key); };
  r.find("type");
  const int version = r.need<int>("schema_version");
  if (version != 1 && version != trace_schema_version)
    throw Error("schema version {}, this build reads 1 and {}", version, trace_schema_version);
  RunHeader h;
  h.run = r.get<std::uint64_t>("run", 0);
  for (const auto& [key, into] : {std::pair{"scenario_name", &h.scenario_name},
                                  {"mode", &h.mode},
                                  {"drafter", &h.drafter},
                                  {"wire", &h.wire},
                                  {"storage", &h.storage},
                                  {"device", &h.device},
                                  {"compute", &h.compute},
                                  {"commit", &h.commit}}) {
    if (stated_at(r, key)) *into = r.need<std::string>(key);
  }
  for (const auto& [key, into] : {std::pair{"geometry", &h.geometry},
                                  {"scenario", &h.scenario},
                                  {"simulator", &h.simulator},
                                  {"published", &h.published},
                                  {"privacy", &h.privacy},
                                  {"cascade", &h.cascade},
                                  {"cell", &h.cell}}) {
    if (const Json* value = stated_at(r, key)) *into = *value;
  }
  if (stated_at(r, "seed")) h.seed = r.need<std::uint64_t>("seed");
  if (stated_at(r, "prompts_left_out")) h.prompts_left_out = r.need<std::uint64_t>("prompts_left_out");
  if (const Json* value = stated_at(r, "sampling")) h.sampling = sampling_of(*value, at("sampling"));
  if (h.sampling && h.seed) h.sampling->seed = *h.seed;
  if (const Json* value = stated_at(r, "prompt")) h.prompt = prompt_of(*value, at("prompt"));
  if (const Json* value = stated_at(r, "plan")) h.plan = plan_of(*value, at("plan"));
  if (const Json* value = stated_at(r, "machine")) h.machine = machine_of(*value, at("machine"));
  if (version == 1) {
    if (const Json* value = stated_at(r, "conditions"))
      h.network = network_of_1(*value, h.scenario, at("conditions"));
    for (const char* defence : {"noise", "pad_rows"}) {
      if (const Json* value = stated_at(r, defence)) h.defences[defence] = *value;
    }
    return h;
  }
  if (const Json* value = stated_at(r, "network")) h.network = network_of(*value, at("network"));
  if (const Json* value = stated_at(r, "defences")) h.defences = *value;
  r.done();
  return h;
}

Json system_of(const RunHeader& h) {
  Json json = Json::object();
  put(json, "geometry", h.geometry);
  put(json, "plan", h.plan);
  put(json, "wire", h.wire);
  put(json, "storage", h.storage);
  put(json, "compute", h.compute);
  put(json, "mode", h.mode);
  put(json, "sampling", h.sampling);
  put(json, "device", h.device);
  put(json, "defences", h.defences);
  put(json, "privacy", h.privacy);
  put(json, "cascade", nodes_alike(h.cascade));
  put(json, "machine", h.machine);
  return json;
}

Json source_of(const RunHeader& h) {
  Json json = Json::object();
  put(json, "compute", h.compute);
  put(json, "plan", h.plan);
  put(json, "wire", h.wire);
  put(json, "privacy", h.privacy);
  put(json, "cascade", nodes_alike(h.cascade));
  put(json, "storage", h.storage);
  put(json, "geometry", h.geometry);
  put(json, "machine", h.machine);
  put(json, "mode", h.mode);
  return json;
}

std::uint64_t row_bytes_of(const RunHeader& h, const std::string& where) {
  const Json width = h.geometry.is_object() ? h.geometry.value("width", Json()) : Json();
  if (!width.is_number_integer() || width.get<std::int64_t>() < 1 || h.wire.empty())
    throw Error("{}: the header states no geometry.width or wire: rows cannot be counted", where);
  if (h.privacy.is_object())
    throw Error("{}: rows went up through a binomial mechanism and back as {}: they have no one size", where,
                h.wire);
  return row_bytes(h.wire, width.get<std::uint64_t>());
}

double temperature_of(const RunHeader& h) { return h.sampling ? h.sampling->temperature : 0; }

}  // namespace splitwan::engine
