#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/scenario_keys.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using Reading = ScenarioReading;

auto whole(int CheckChoice::*member, int least) {
  return [=](Reading& t, ObjectReader& r, const std::string& key) {
    if (r.find(key)) t.scenario.checks.*member = r.whole(key, least, 1 << 30);
  };
}

void read_layers(Reading& t, ObjectReader& r, const std::string& key) {
  read_text(r, key, [&](const std::string& text) {
    std::vector<int>& layers = t.scenario.checks.layers;
    layers.clear();
    if (text == "all") return;
    layers = engine::parse_integers(text, ',');
    std::ranges::sort(layers);
    if (layers.empty() || std::ranges::adjacent_find(layers) != layers.end())
      throw Error("'{}': expected all, or layers joined by commas, each once, as in 5,9,12", text);
  });
}

}  // namespace

std::vector<ScenarioKey> check_keys() {
  return {
      {{"check_steps", "whole number", "0",
        "a spot check of what the server computed after so many steps, again and again, and one at the end; "
        "0: none"},
       whole(&CheckChoice::steps, 0),
       Form::number},
      {{"check_layers", "all, or layers, as in 5,9,12", "all",
        "of the server's, which `model` must hold as well: one of them is drawn and computed again"},
       read_layers},
      {{"check_draws", "whole number", "1",
        "layers of each check: so many of the server's are the chance to catch a lie"},
       whole(&CheckChoice::draws, 1),
       Form::number},
  };
}

void check_checks(const Scenario& s, const std::string& where) {
  const CheckChoice &c = s.checks, usual;
  if (!c.on()) {
    if (c.draws != usual.draws || !c.layers.empty())
      throw Error("{}: check_layers, check_draws: expected the key \"check_steps\" beside them", where);
    return;
  }
  const auto refuse = [&](const std::string& why) { throw Error("{}: check_steps: {}", where, why); };
  if (!row_of(s.network.kind).splits)
    refuse("nothing is sent on the network " + std::string(name_of(s.network.kind)));
  if (s.cascade.on) refuse("of sharded tokens (cascade) there are no spot checks");
  if (s.privacy.on()) refuse("what a mechanism's rows become, the server alone knows: expected no privacy");
  if (s.place.is_aten()) refuse(fmt::format("expected device cpu, found {}", s.place.device.str()));
}

}  // namespace splitwan::scenarios
