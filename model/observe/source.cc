#include "model/observe/source.hh"

#include <algorithm>
#include <array>
#include <set>

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

// What may differ: the link and what was measured of it, the drafter, the prompt and its seed; and what names
// a run but does not make it another system.
constexpr std::array<std::string_view, 11> free_keys = {
    "type",    "schema_version", "run",  "scenario_name", "scenario", "conditions",
    "drafter", "prompt",         "seed", "simulator",     "commit"};

std::set<std::string> tied_keys(const Json& header) {
  std::set<std::string> keys;
  for (const auto& [key, value] : header.items()) {
    if (std::find(free_keys.begin(), free_keys.end(), key) == free_keys.end()) keys.insert(key);
  }
  return keys;
}

std::string shorten(const Json& value) {
  const std::string text = value.dump();
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

// Of two objects the first member that differs says more than the whole.
void refuse(std::size_t first, std::size_t other, std::string key, Json a, Json b) {
  while (a.is_object() && b.is_object()) {
    std::string inner;
    for (const auto& [name, value] : a.items()) {
      if (inner.empty() && b.value(name, Json()) != value) inner = name;
    }
    for (const auto& [name, value] : b.items()) {
      if (inner.empty() && !a.contains(name)) inner = name;
    }
    if (inner.empty()) break;
    key += "." + inner;
    a = Json(a.value(inner, Json()));
    b = Json(b.value(inner, Json()));
  }
  throw engine::Error("runs {} and {} differ in '{}' ({}, {}): fit a model for each", first, other, key,
                      shorten(a), shorten(b));
}

}  // namespace

Json common_source(const std::vector<engine::Run>& runs, const std::vector<Observation>& observations) {
  std::set<std::size_t> crossing;
  for (const Observation& o : observations) {
    if (o.crossed()) crossing.insert(o.run);
  }
  Json source = Json::object();
  if (crossing.empty()) return source;
  const std::size_t first = *crossing.begin();
  const Json& header = runs[first].header;
  for (const std::size_t i : crossing) {
    std::set<std::string> keys = tied_keys(header);
    keys.merge(tied_keys(runs[i].header));
    // In this order: the plan explains what else differs.
    for (const char* key : {"geometry", "plan", "wire", "storage", "compute"}) {
      if (keys.erase(key) > 0 && header.value(key, Json()) != runs[i].header.value(key, Json()))
        refuse(first, i, key, header.value(key, Json()), runs[i].header.value(key, Json()));
    }
    const auto tcp = [](const Json& h) {
      const Json simulator = h.value("simulator", Json());
      return simulator.is_object() ? simulator.value("tcp", Json()) : Json();
    };
    if (tcp(header) != tcp(runs[i].header))
      refuse(first, i, "simulator.tcp", tcp(header), tcp(runs[i].header));
    for (const std::string& key : keys) {
      if (header.value(key, Json()) != runs[i].header.value(key, Json()))
        refuse(first, i, key, header.value(key, Json()), runs[i].header.value(key, Json()));
    }
  }
  for (const char* key : {"compute", "plan", "wire", "storage", "geometry", "machine", "mode"}) {
    if (header.contains(key)) source[key] = header[key];
  }
  return source;
}

}  // namespace splitwan::model
