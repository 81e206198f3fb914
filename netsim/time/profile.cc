#include "netsim/time/profile.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/units.hh"
#include "engine/wire/codecs.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;
using engine::Phase;

Nanos read_duration(ObjectReader& r, const std::string& key) {
  const auto text = r.get<std::string>(key, "0ns");
  try {
    return engine::parse_duration(text);
  } catch (const Error& e) {
    throw Error("{}: {}", r.path(key), e.what());
  }
}

PhaseCost read_cost(const Json& json, const std::string& where) {
  ObjectReader r(json, where);
  r.find("note");
  PhaseCost cost{read_duration(r, "base"), read_duration(r, "per_row")};
  cost.per_row_context_ns = r.get("per_row_context_ns", 0.0);
  if (cost.per_row_context_ns < 0) throw Error("{}: expected 0 or more", r.path("per_row_context_ns"));
  r.done();
  return cost;
}

void read_rates(ObjectReader r, Profile& p) {
  Rates rates;
  rates.flops = r.number("flops", 1, 1e18);
  rates.bytes_per_s = r.number("bytes_per_s", 1, 1e18);
  rates.per_job = read_duration(r, "per_job");
  p.weight_bytes = r.get("weight_bytes", p.weight_bytes);
  if (!(p.weight_bytes > 0 && p.weight_bytes <= 8))
    throw Error("{}: expected above 0 to 8, found {:g}", r.path("weight_bytes"), p.weight_bytes);
  r.done();
  p.rates = rates;
}

}  // namespace

Profile read_profile(const std::string& path) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  Profile p;
  p.path = path;
  r.find("note");
  p.name = r.need<std::string>("name");
  p.source = r.need<std::string>("source");
  p.geometry = r.need<Json>("geometry");
  ObjectReader geometry = r.child("geometry");  // of which more may be stated
  geometry.need<int>("layers");
  const auto width = geometry.need<std::uint32_t>("width");
  geometry.number("width", 1, 1 << 20);
  ObjectReader sides = r.child("split");
  p.head_layers = sides.need<int>("head");
  p.tail_layers = sides.need<int>("tail");
  sides.done();
  p.wire = r.need<std::string>("wire");
  try {
    p.row_bytes = engine::row_bytes(p.wire, width);
  } catch (const Error& e) {
    throw Error("{}: {}", r.path("wire"), e.what());
  }
  if (r.find("rates")) read_rates(r.child("rates"), p);
  const Json phases = r.get("phases", Json::object());
  if (!phases.is_object()) throw Error("{}: expected an object", r.path("phases"));
  for (const auto& [name, cost] : phases.items()) {
    engine::Phase phase{};
    try {
      phase = engine::phase_named(name);
    } catch (const Error& e) {
      throw Error("{}: {}", r.path("phases"), e.what());
    }
    p.phases[phase] = read_cost(cost, r.path("phases") + ": " + name);
  }
  p.published = r.get("published", Json::object());
  r.done();
  return p;
}

CostSource profile_cost(const Profile& profile) {
  return [phases = profile.phases, rates = profile.rates](PartyId party, const engine::Work& work,
                                                          Nanos took) {
    const auto it = phases.find(work.phase);
    if (it == phases.end()) {
      if (work.phase == Phase::draft && work.flops > 0)
        throw Error("the profile states no cost of phase \"draft\", and this run guesses with a draft model");
      return rates && work.flops + work.bytes > 0 ? reference_cost(*rates)(party, work, took) : Nanos{};
    }
    const PhaseCost& cost = it->second;
    const double attention = cost.per_row_context_ns * work.rows * work.context;
    return std::max(cost.base, work.rows * cost.per_row) + Nanos(static_cast<std::int64_t>(attention));
  };
}

MessageSize profile_message_size(const Profile& profile) {
  return [row_bytes = profile.row_bytes](const engine::Message& m) {
    return engine::wire_size(m) - m.payload.size() +
           (m.header.rows > 0 ? m.header.rows * row_bytes : m.payload.size());
  };
}

}  // namespace splitwan::netsim
