#include "netsim/time/compute_noise.hh"

#include <cmath>
#include <filesystem>
#include <memory>
#include <random>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::netsim {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

ComputeNoise read_compute_noise(const std::string& path) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  for (const char* said : {"note", "source"}) r.find(said);
  const Json phases = r.need<Json>("phases");
  r.done();
  ComputeNoise noise{std::filesystem::path(path).filename().string(), {}};
  ObjectReader lists(phases, r.path("phases"));
  for (const auto& [name, value] : phases.items()) {
    auto ratios = lists.need<std::vector<double>>(name);
    if (ratios.empty()) throw Error("{}: expected ratios, found none", lists.path(name));
    for (const double ratio : ratios)
      if (!(ratio > 0 && ratio <= 1000))
        throw Error("{}: expected above 0 to 1000, found {:g}", lists.path(name), ratio);
    try {
      noise.ratios[engine::phase_named(name)] = std::move(ratios);
    } catch (const Error& e) {
      throw Error("{}: {}", r.path("phases"), e.what());
    }
  }
  return noise;
}

CostSource noisy_cost(CostSource cost, const ComputeNoise& noise, std::uint64_t seed) {
  struct Place {
    std::vector<double> ratios;
    std::size_t next = 0;
  };
  const auto places = std::make_shared<std::map<engine::Phase, Place>>();
  std::mt19937_64 random(seed);
  for (const auto& [phase, ratios] : noise.ratios) (*places)[phase] = {ratios, random() % ratios.size()};
  return [places, cost = std::move(cost)](PartyId party, const engine::Work& work, Nanos measured) {
    const Nanos typical = cost(party, work, measured);
    const auto place = places->find(work.phase);
    if (place == places->end()) return typical;
    Place& p = place->second;
    const double ratio = p.ratios[p.next++ % p.ratios.size()];
    return Nanos(std::llround(static_cast<double>(typical.count()) * ratio));
  };
}

}  // namespace splitwan::netsim
