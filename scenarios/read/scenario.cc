#include "scenarios/read/scenario.hh"

#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/units.hh"
#include "engine/drafters/named.hh"
#include "scenarios/read/prompts.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/sweep.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
namespace fs = std::filesystem;

std::string folder_of(const std::string& file) { return fs::path(file).parent_path().string(); }

engine::Sampling read_sampling(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  engine::Sampling s;
  s.temperature = r.get("temperature", s.temperature);
  s.top_k = r.get("top_k", s.top_k);
  s.top_p = r.get("top_p", s.top_p);
  s.min_p = r.get("min_p", s.min_p);
  s.repetition_penalty = r.get("repetition_penalty", s.repetition_penalty);
  r.done();
  try {
    engine::check(s);
  } catch (const Error& e) {
    throw Error("{}: {}", where, e.what());
  }
  return s;
}

Scenario read_scenario(const Json& json, const std::string& file) {
  Scenario s;
  ObjectReader r(json, file);
  for (const char* ignored : {"$schema", "note", "sweep", "summary"}) r.find(ignored);
  s.name = r.get("name", fs::path(file).stem().string());
  s.model = beside(folder_of(file), r.need<std::string>("model"));
  if (const Json* split = r.find("split")) {
    ObjectReader inner(*split, file + ": split");
    s.head_layers = inner.need<int>("head");
    s.tail_layers = inner.need<int>("tail");
    inner.done();
  }
  read_text(r, "storage", [&](const std::string& v) { s.storage = engine::storage_named(v); });
  if (r.find("device")) s.place = engine::device_named(r.need<std::string>("device"), r.path("device"));
  read_text(r, "wire", [&](const std::string& v) { s.wire = engine::wire_type_named(v); });
  s.noise = r.get("noise", s.noise);
  if (!(s.noise >= 0 && s.noise <= 100))
    throw Error("{}: noise: expected a share of each row's root mean square, 0 to 100, found {}", file,
                s.noise);
  const auto buckets = r.get("pad_rows", std::vector<int>());
  try {
    s.pad_rows = engine::RowBuckets(buckets);
  } catch (const Error& e) {
    throw Error("{}: {}", file, e.what());
  }
  if (const Json* network = r.find("network"))
    s.network = read_network(*network, file + ": network", folder_of(file));
  s.compute = r.get("compute", s.compute);
  for (const std::string kind : {"recorded:", "profile:"}) {
    if (s.compute.starts_with(kind))
      s.compute = kind + beside(folder_of(file), s.compute.substr(kind.size()));
  }
  s.decode = r.get("decode", s.decode);
  if (s.decode.empty()) throw Error("{}: decode: the list is empty", file);
  if (r.find("draft_model")) s.draft_model = beside(folder_of(file), r.need<std::string>("draft_model"));
  for (const std::string& d : s.decode) {
    engine::check_drafter(d);
    if (s.draft_model.empty() && engine::needs_draft_model(d))
      throw Error("{}: decode '{}': expected the key \"draft_model\" beside it", file, d);
  }
  if (const Json* sampling = r.find("sampling")) s.sampling = read_sampling(*sampling, file + ": sampling");
  s.max_new_tokens = r.get("max_new_tokens", s.max_new_tokens);
  s.stop_at_eos = r.get("stop_at_eos", s.stop_at_eos);
  if (s.network.kind == NetworkKind::tun) throw Error("{}: network: kind: tun is for replays", file);
  s.skip_long_prompts = r.get("skip_long_prompts", s.skip_long_prompts);
  if (s.max_new_tokens < 1)
    throw Error("{}: max_new_tokens: expected at least 1, found {}", file, s.max_new_tokens);
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

std::vector<Scenario> load_scenarios(const std::string& path, const std::vector<std::string>& overrides) {
  std::vector<Scenario> scenarios;
  for (const Json& point : expand_sweep(read_scenario_file(path, overrides), path))
    scenarios.push_back(read_scenario(point, path));
  return scenarios;
}

}  // namespace splitwan::scenarios
