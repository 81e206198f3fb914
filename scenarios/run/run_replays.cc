#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"
#include "engine/wire/codecs.hh"
#include "model/observe/observation.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/read/replay_scenario.hh"
#include "scenarios/run/networks/networks.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Run;

// What one cell plays: the scripts, and what they were made from.
struct Play {
  const ReplayCell* cell = nullptr;
  const Run* recorded = nullptr;             // none: batches
  const netsim::Batches* batches = nullptr;  // none: recorded
  std::uint64_t seed = 1;
};

std::uint64_t row_bytes(const Run& run, const std::string& file) {
  const Json& h = run.header;
  if (!h.contains("geometry") || !h["geometry"].contains("width") || !h.contains("wire") ||
      !h["wire"].is_string())
    throw Error("{}: states no geometry.width or wire: its bytes cannot be scaled", file);
  return engine::row_bytes(h["wire"], h["geometry"]["width"]);
}

Json header_of(const Play& play, const Json& simulator) {
  const ReplayCell& cell = *play.cell;
  Json plan, prompt, geometry, wire;
  std::string drafter, compute = "recorded:" + cell.trace;
  if (play.recorded) {
    const Json& h = play.recorded->header;
    drafter = h.value("drafter", drafter);
    plan = h.value("plan", Json());
    prompt = h.value("prompt", Json());
    geometry = h.value("geometry", Json());
    wire = h.value("wire", Json());
  } else {
    const netsim::Batches& b = *play.batches;
    drafter = b.name;
    prompt = {{"name", b.prompt_name}, {"class", b.prompt_class}, {"tokens", b.prompt}};
  }
  if (const auto& p = cell.profile) {
    compute = "profile:" + p->name;
    geometry = p->geometry;
    wire = p->wire;
    plan = {{"head", p->head_layers},
            {"middle", geometry.value("layers", 0) - p->head_layers - p->tail_layers},
            {"tail", p->tail_layers}};
  }
  if (cell.noise) compute += ", noise:" + cell.noise->name;
  Json header = {{"type", "run"},
                 {"schema_version", engine::trace_schema_version},
                 {"run", 0},
                 {"scenario_name", cell.name},
                 {"mode", "trace-driven"},  // no tensors
                 {"conditions", conditions_of(cell.network)},
                 {"drafter", drafter},
                 {"prompt", prompt},
                 {"plan", plan},
                 {"wire", wire},
                 {"compute", compute},
                 {"geometry", geometry},
                 {"seed", play.seed},
                 {"simulator", simulator},
                 {"commit", build_commit_text()},
                 {"machine", machine(1)},
                 {"scenario", cell.resolved}};
  if (cell.profile && !cell.profile->published.empty()) header["published"] = cell.profile->published;
  return header;
}

netsim::Scripts scripts_for(const Play& play) {
  const ReplayCell& cell = *play.cell;
  if (play.batches) return netsim::scripts_of(*play.batches, *cell.profile);
  netsim::Scripts scripts;
  try {
    scripts = netsim::scripts_of(*play.recorded);
  } catch (const Error& e) {
    throw Error("{}: {}", cell.trace, e.what());
  }
  if (cell.profile)
    netsim::resize_rows(scripts, row_bytes(*play.recorded, cell.trace), cell.profile->row_bytes);
  return scripts;
}

netsim::CostSource cost_for(const Play& play) {
  const ReplayCell& cell = *play.cell;
  auto cost =
      cell.profile ? netsim::profile_cost(*cell.profile) : netsim::recorded_cost(*play.recorded, cell.trace);
  return cell.noise ? netsim::noisy_cost(std::move(cost), *cell.noise, play.seed) : cost;
}

Run run_play(const Play& play) {
  const ReplayCell& cell = *play.cell;
  const netsim::Scripts scripts = scripts_for(play);
  std::map<engine::PartyId, engine::MemoryRecorder> recorders;
  std::map<engine::PartyId, engine::PartyMain> parties;
  for (const auto& [party, script] : scripts) parties[party] = netsim::play(party, script, recorders[party]);
  const auto network = make_network({cell.network, play.seed, [&] { return cost_for(play); }});
  network->run(parties);
  const Json simulator = network->settings();
  const Json links = network->totals();

  Run run;
  for (auto& [party, recorder] : recorders) {
    run.spans.insert(run.spans.end(), recorder.run.spans.begin(), recorder.run.spans.end());
    run.steps.insert(run.steps.end(), recorder.run.steps.begin(), recorder.run.steps.end());
  }
  std::stable_sort(run.spans.begin(), run.spans.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  run.header = header_of(play, simulator);
  const Nanos total = run.steps.empty() ? Nanos{} : run.steps.back().end;
  run.end = {{"type", "end"},
             {"run", 0},
             {"finish", "replayed"},
             {"steps", run.steps.size()},
             {"total_ns", total.count()},
             {"links", links}};
  return run;
}

}  // namespace

std::vector<Run> run_replays(
    const std::vector<ReplayCell>& cells,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress) {
  std::map<std::string, std::vector<Run>> traces;
  std::vector<Play> plays;
  for (const ReplayCell& cell : cells) {
    // The runs of one decoding have seeds of their own: chance does not strike all of them at the same
    // places.
    const auto seed = [&] { return cell.seed + (cell.batches.size() > 1 ? plays.size() : 0); };
    for (const netsim::Batches& batches : cell.batches) plays.push_back({&cell, nullptr, &batches, seed()});
    if (cell.trace.empty()) continue;
    auto [trace, fresh] = traces.try_emplace(cell.trace);
    if (fresh) trace->second = engine::read_trace_file(cell.trace);
    for (const Run& run : trace->second) plays.push_back({&cell, &run, nullptr, cell.seed});
  }

  std::vector<Run> runs(plays.size());
  std::atomic<std::size_t> next = 0;
  std::size_t done = 0;
  std::mutex mutex;  // done, failure, progress
  std::exception_ptr failure;
  const auto worker = [&] {
    for (std::size_t i; (i = next++) < plays.size();) {
      try {
        try {
          runs[i] = run_play(plays[i]);
        } catch (const Error& e) {
          const Json conditions = conditions_of(plays[i].cell->network);
          throw Error("{} ({}): {}", plays[i].cell->name, label(model::condition_of(conditions, "network")),
                      e.what());
        }
        runs[i].header["run"] = runs[i].end["run"] = i;
        const std::lock_guard lock(mutex);
        progress(++done, plays.size(), plays[i].cell->name);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        next = plays.size();
      }
    }
  };
  // In real time they would disturb each other.
  const bool alone =
      std::any_of(cells.begin(), cells.end(), [](auto& c) { return row_of(c.network.kind).alone; });
  const std::size_t cores = alone ? 1 : std::max(1u, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(cores, plays.size()); ++i) threads.emplace_back(worker);
  }
  if (failure) std::rethrow_exception(failure);
  return runs;
}

}  // namespace splitwan::scenarios
