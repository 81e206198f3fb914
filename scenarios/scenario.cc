#include "scenarios/scenario.hh"

#include <filesystem>

#include "engine/drafters.hh"
#include "engine/error.hh"
#include "engine/json_file.hh"
#include "engine/units.hh"
#include "scenarios/sweep.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
namespace fs = std::filesystem;

constexpr std::string_view network_names[] = {"local", "ideal", "ns3", "sockets"};

NetworkKind network_named(const std::string& name) {
  for (std::size_t i = 0; i < std::size(network_names); ++i) {
    if (network_names[i] == name) return static_cast<NetworkKind>(i);
  }
  throw Error("'{}': expected local, ideal, ns3 or sockets", name);
}

// Applies `use` to the text under `key`, naming the key when it does not parse.
template <typename Use>
void read(ObjectReader& reader, const std::string& key, Use&& use) {
  if (!reader.find(key)) return;
  const auto text = reader.need<std::string>(key);
  try {
    use(text);
  } catch (const std::exception& e) {
    throw Error("{}: {}", reader.path(key), e.what());
  }
}

netsim::TcpSpec read_tcp(const Json& json, const std::string& where) {
  netsim::TcpSpec tcp;
  ObjectReader r(json, where);
  tcp.congestion = r.get("congestion", tcp.congestion);
  tcp.segment = r.get("segment", tcp.segment);
  tcp.initial_window = r.get("initial_window", tcp.initial_window);
  read(r, "buffer", [&](const std::string& v) {
    const std::uint64_t bytes = engine::parse_bytes(v);
    if (bytes > 1u << 30) throw Error("expected at most 1GiB, found {}", v);
    tcp.buffer = static_cast<std::uint32_t>(bytes);
  });
  read(r, "min_rto", [&](const std::string& v) { tcp.min_rto = engine::parse_duration(v); });
  r.done();
  return tcp;
}

NetworkChoice read_network(const Json& json, const std::string& where) {
  NetworkChoice n;
  ObjectReader r(json, where);
  read(r, "kind", [&](const std::string& v) { n.kind = network_named(v); });
  read(r, "rtt", [&](const std::string& v) { n.rtt = engine::parse_duration(v); });
  const auto rate = [](const std::string& v) {
    if (v == "unlimited") return 0.0;
    const double bps = engine::parse_rate(v);
    if (bps <= 0) throw Error("'{}' lets nothing through: expected a rate above 0, or unlimited", v);
    return bps;
  };
  read(r, "rate", [&](const std::string& v) { n.up_bps = n.down_bps = rate(v); });
  read(r, "up", [&](const std::string& v) { n.up_bps = rate(v); });
  read(r, "down", [&](const std::string& v) { n.down_bps = rate(v); });
  if (n.kind == NetworkKind::ns3 && (n.up_bps == 0 || n.down_bps == 0))
    throw Error("{}: rate: only ideal links are unlimited", where);
  read(r, "loss", [&](const std::string& v) { n.loss = engine::parse_fraction(v); });
  if (const Json* tcp = r.find("tcp")) n.tcp = read_tcp(*tcp, where + ".tcp");
  n.server = r.get<std::string>("server", "");
  read(r, "timeout", [&](const std::string& v) { n.patience = engine::parse_duration(v); });
  r.done();
  if (!n.server.empty() && n.kind != NetworkKind::sockets)
    throw Error("{}: server: a live server needs kind \"sockets\", found \"{}\"", where, name_of(n.kind));
  return n;
}

std::string beside(const std::string& file, const std::string& path) {
  return fs::path(path).is_absolute() ? path
                                      : (fs::path(file).parent_path() / path).lexically_normal().string();
}

// A prompt set: {"class": "code", "prompts": ["...", ...]}.
void read_prompt_file(const std::string& path, int limit, std::vector<Prompt>& into) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  r.find("note");
  const auto kind = r.need<std::string>("class");
  const auto texts = r.need<std::vector<std::string>>("prompts");
  r.done();
  for (std::size_t i = 0; i < texts.size() && (limit == 0 || static_cast<int>(i) < limit); ++i) {
    into.push_back({fmt::format("{}-{}", kind, i + 1), kind, texts[i], {}});
  }
}

std::vector<Prompt> read_prompts(const Json& list, int limit, const std::string& file) {
  std::vector<Prompt> prompts;
  if (!list.is_array()) throw Error("{}: prompts: expected a list of prompt files or texts", file);
  for (const Json& item : list) {
    const std::string name = fmt::format("prompt-{}", prompts.size() + 1);
    if (item.is_string() && item.get<std::string>().ends_with(".json")) {
      read_prompt_file(beside(file, item), limit, prompts);
    } else if (item.is_object()) {
      ObjectReader r(item, file + ": prompts");
      Prompt p{r.get("name", name), r.get<std::string>("class", "other"), r.get<std::string>("text", ""),
               r.get("ids", std::vector<engine::Token>{})};
      r.done();
      prompts.push_back(std::move(p));
    } else if (item.is_string()) {
      prompts.push_back({name, "other", item, {}});
    } else {
      throw Error("{}: prompts: expected a file name ending in .json, a text or an object, found {}", file,
                  item.dump());
    }
  }
  if (prompts.empty()) throw Error("{}: prompts: the list is empty", file);
  return prompts;
}

Scenario read_scenario(const Json& json, const std::string& file) {
  Scenario s;
  ObjectReader r(json, file);
  for (const char* ignored : {"$schema", "note", "sweep"}) r.find(ignored);
  s.name = r.get("name", fs::path(file).stem().string());
  s.model = beside(file, r.need<std::string>("model"));
  if (const Json* split = r.find("split")) {
    ObjectReader inner(*split, file + ": split");
    s.head_layers = inner.need<int>("head");
    s.tail_layers = inner.need<int>("tail");
    inner.done();
  }
  read(r, "wire", [&](const std::string& v) { s.wire = engine::wire_type_named(v); });
  if (const Json* network = r.find("network")) s.network = read_network(*network, file + ": network");
  s.compute = r.get("compute", s.compute);
  if (s.compute.starts_with("recorded:")) s.compute = "recorded:" + beside(file, s.compute.substr(9));
  s.decode = r.get("decode", s.decode);
  if (s.decode.empty()) throw Error("{}: decode: the list is empty", file);
  for (const std::string& d : s.decode) engine::make_drafter(d);  // throws on unknown names
  s.max_new_tokens = r.get("max_new_tokens", s.max_new_tokens);
  s.stop_at_eos = r.get("stop_at_eos", s.stop_at_eos);
  if (s.max_new_tokens < 1) throw Error("{}: max_new_tokens: expected at least 1, found {}", file, s.max_new_tokens);
  s.threads = r.get("threads", s.threads);
  if (s.threads < 1 || s.threads > 1024)
    throw Error("{}: threads: expected 1 to 1024, found {}", file, s.threads);
  s.seed = r.get("seed", s.seed);
  const int limit = static_cast<int>(std::min(r.get("prompts_per_class", 0u), 1u << 30));
  const Json* prompts = r.find("prompts");
  if (!prompts) throw Error("{}: key 'prompts' is missing", file);
  s.prompts = read_prompts(*prompts, limit, file);
  r.done();
  s.resolved = json;
  return s;
}

}  // namespace

std::string_view name_of(NetworkKind kind) { return network_names[static_cast<int>(kind)]; }

std::vector<Scenario> load_scenarios(const std::string& path, const std::vector<std::string>& overrides) {
  Json json = engine::read_json_file(path);
  if (!json.is_object()) throw Error("{}: expected an object", path);
  for (const std::string& o : overrides) apply_override(json, o);
  std::vector<Scenario> scenarios;
  for (const Json& point : expand_sweep(json, path)) scenarios.push_back(read_scenario(point, path));
  return scenarios;
}

NetworkChoice parse_link(const std::string& text) {
  const std::pair<const char*, const char*> presets[] = {{"direct-80ms", "rtt=80ms,rate=100Mbit"},
                                                         {"proxied-300ms", "rtt=300ms,rate=100Mbit"},
                                                         {"metro-20ms", "rtt=20ms,rate=1Gbit"},
                                                         {"lan", "rtt=1ms,rate=1Gbit"}};
  for (const auto& [name, link] : presets) {
    if (text == name) return parse_link(link);
  }
  Json json = {{"kind", "ns3"}};
  for (const std::string& part : engine::split_list(text)) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) {
      throw Error(
          "link '{}': expected rtt=80ms,rate=100Mbit or one of direct-80ms, proxied-300ms, metro-20ms, lan",
          text);
    }
    const std::string key = part.substr(0, equals);
    if (key == "kind" || key == "server" || key == "tcp")
      throw Error("link '{}': '{}' is no property of a link", text, key);
    if (json.contains(key)) throw Error("link '{}': {} is given twice", text, key);
    json[key] = part.substr(equals + 1);
  }
  return read_network(json, "link");
}

}  // namespace splitwan::scenarios
