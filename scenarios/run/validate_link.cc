#include "scenarios/run/validate_link.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "engine/base/units.hh"
#include "model/fit/robust_fit.hh"
#include "netsim/kernel/kernel_patterns.hh"
#include "netsim/link/flight_theory.hh"
#include "netsim/ns3/ns3_simulator.hh"
#include "scenarios/console/console.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/read/read_link.hh"
#include "scenarios/read/sweep.hh"
#include "scenarios/read/topology.hh"
#include "scenarios/run/networks/simulated.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::ObjectReader;
using engine::seconds;
namespace fs = std::filesystem;

Validation read_one(const Json& json, const std::string& file) {
  Validation v;
  ObjectReader r(json, file);
  for (const char* ignored : {"$schema", "note", "sweep", "summary"}) r.find(ignored);
  v.name = r.get("name", fs::path(file).stem().string());
  v.seed = r.get("seed", v.seed);
  if (const Json* network = r.find("network"))
    v.network = read_network(*network, file + ": network", fs::path(file).parent_path().string());
  const Json choice = r.need<Json>("validate");
  ObjectReader inner(choice, file + ": validate");
  v.kernel = inner.get("kernel", v.kernel);
  v.seeds = inner.get("seeds", v.seeds);
  read_text(inner, "lateness_limit",
            [&](const std::string& text) { v.lateness_limit = engine::parse_duration(text); });
  inner.done();
  r.done();
  if (v.seeds < 1 || v.seeds > 1000) throw Error("{}: validate: seeds: expected 1 to 1000", file);
  if (const NetworkRow& row = row_of(v.network.kind); !row.validates)
    throw Error("{}: network: kind: expected {}, found {}", file, network_kinds_text(&NetworkRow::validates),
                row.name);
  expect_two_parties(v.network, file, "a validation");
  if (v.network.sessions.count > 0)
    throw Error("{}: network: sessions: the kernel's link has none: expected 0, found {}", file,
                v.network.sessions.count);
  v.resolved = json;
  return v;
}

bool has_chance(const Validation& v) {
  const auto random = [](const netsim::LinkSpec& link) {
    return link.loss > 0 || link.bursts.to_bad > 0 || link.jitter.law != netsim::JitterLaw::none;
  };
  return random(v.network.up) || random(v.network.down);
}

// null where theory says nothing: chance, schedules, another congestion control.
Json theory(const Validation& v, const netsim::TrafficPattern& pattern) {
  try {
    return netsim::theory_of(pattern, spec_of(v.network, v.seed).edges[0], v.network.tcp);
  } catch (const Error&) {
    return {};
  }
}

std::vector<double> ns3_times(const Validation& v, const netsim::TrafficPattern& pattern,
                              netsim::ProbeReport& probes) {
  std::vector<double> times;
  for (int i = 0; i < (has_chance(v) ? v.seeds : 1); ++i) {
    const auto simulator =
        netsim::make_ns3_simulator(spec_of(v.network, v.seed + static_cast<std::uint64_t>(i)), &probes);
    times.push_back(seconds(netsim::time_pattern(*simulator, pattern)));
  }
  return times;
}

engine::Run run_of(const Validation& v, const std::string& pattern, Json cell) {
  engine::Run run;
  engine::RunHeader& h = run.header;
  h.scenario_name = v.name;
  h.mode = "validation";
  h.network = stated(v.network);
  h.drafter = pattern;
  h.seed = v.seed;
  h.commit = build_commit_text();
  h.machine = machine(1);
  h.scenario = v.resolved;
  h.cell = std::move(cell);
  run.end = {{"type", "end"}, {"run", 0}};
  return run;
}

void validate(const Validation& v, std::vector<engine::Run>& runs) {
  std::map<std::string, netsim::PatternResult> kernel;
  if (v.kernel && geteuid() == 0) {
    for (auto& result : netsim::run_kernel_patterns({v.network.up, v.network.down}, v.seed))
      kernel[result.pattern] = result;
  }
  for (const netsim::TrafficPattern& pattern : netsim::validation_patterns()) {
    netsim::ProbeReport probes;
    const auto ns3 = ns3_times(v, pattern, probes);
    const auto [low, high] = std::minmax_element(ns3.begin(), ns3.end());
    Json cell = {{"rtt_s", seconds(v.network.rtt())},
                 {"rate_bps", v.network.up.bits_per_second},
                 {"loss", v.network.up.loss},
                 {"pattern", pattern.name},
                 {"theory_s", theory(v, pattern)},
                 {"ns3_s", engine::median(ns3)},
                 {"kernel_s", nullptr},
                 {"lateness_s", nullptr},
                 {"ns3_min_s", *low},
                 {"ns3_max_s", *high},
                 {"ns3_seeds", ns3.size()}};
    if (const auto it = kernel.find(pattern.name); it != kernel.end()) {
      cell["kernel_s"] = it->second.seconds;
      cell["lateness_s"] = it->second.lateness_s;
      cell["on_time"] = it->second.lateness_s <= seconds(v.lateness_limit);
      const auto& samples = it->second.samples_s;
      const auto [least, most] = std::minmax_element(samples.begin(), samples.end());
      cell["kernel_min_s"] = *least;
      cell["kernel_max_s"] = *most;
      cell["kernel_samples"] = samples.size();
    }
    runs.push_back(run_of(v, pattern.name, std::move(cell)));
    runs.back().header.simulator = to_json(probes);
    runs.back().header.run = runs.size() - 1;
    runs.back().end["run"] = runs.size() - 1;
  }
}

}  // namespace

std::vector<SchemaKey> validation_schema() {
  return {
      {"name", "text", "the file's name", "of the study"},
      {"seed", "whole number", "1", "of what is lost"},
      {"network", "object", usual_network_text(), "the link: " + network_kinds_text(&NetworkRow::validates)},
      {"validate.kernel", "true or false", "true", "the kernel's TCP as well, when run as root"},
      {"validate.seeds", "whole number, 1 to 1000", "3",
       "where there is chance: so many runs in ns-3, the median counts"},
      {"validate.lateness_limit", "time, as in 100us", "100us",
       "above it the kernel's figures are marked late"},
  };
}

std::vector<Validation> read_validations(const Json& scenario, const std::string& file) {
  std::vector<Validation> list;
  for (const Json& point : expand_sweep(scenario, file)) list.push_back(read_one(point, file));
  return list;
}

std::vector<engine::Run> run_validations(
    const std::vector<Validation>& validations,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress,
    const std::function<void(const engine::Run&)>& finished) {
  std::vector<engine::Run> runs;
  if (!validations.empty() && validations[0].kernel && geteuid() != 0)
    remark("validate: kernel TCP over the emulated link needs root: theory and ns-3 only");
  for (std::size_t i = 0; i < validations.size(); ++i) {
    const NetworkChoice& n = validations[i].network;
    progress(i, validations.size(),
             fmt::format("{:g} ms, {:g} Mbit/s, {:g} % loss", seconds(n.rtt()) * 1e3,
                         n.up.bits_per_second / 1e6, n.up.loss * 100));
    const std::size_t known = runs.size();
    validate(validations[i], runs);
    for (std::size_t made = known; finished && made < runs.size(); ++made) finished(runs[made]);
  }
  return runs;
}

}  // namespace splitwan::scenarios
