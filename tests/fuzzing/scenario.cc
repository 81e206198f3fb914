// A scenario file: its sweep, its network, and all of it where it is a replay.
#include "engine/base/json_file.hh"
#include "netsim/link/network_spec.hh"
#include "scenarios/read/network_choice.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/read/scenario_kind.hh"
#include "scenarios/read/sweep.hh"
#include "tests/fuzzing/harness.hh"

namespace splitwan::fuzz {
namespace {

using namespace scenarios;

const std::string file = SPLITWAN_SOURCE_DIR "/scenarios/fed.json";  // where profiles lie

// The simulator is asked for it in JSON; a trace says so in its header.
void use(const NetworkChoice& network) {
  static_cast<void>(netsim::to_json(spec_of(network, 1)).dump());
  static_cast<void>(stated(network));
}

void feed(std::string_view input) {
  taken([&] {
    const Json scenario = read_scenario_file(file_with(input), {"network.rtt=20ms"});
    static_cast<void>(name_of_scenario(scenario, file));
    static_cast<void>(files_named_in(scenario, file));
    if (kind_of(scenario) == ScenarioKind::replay) {
      for (const ReplayCell& cell : read_replays(scenario, file)) use(cell.network);
    } else {
      for (const Json& point : expand_sweep(scenario, file))
        if (point.contains("network")) use(read_network(point["network"], file + ": network"));
    }
  });
}

const Stands stands("scenario", feed);

}  // namespace
}  // namespace splitwan::fuzz
