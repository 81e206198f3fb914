#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"
#include "model/observe/observation.hh"
#include "netsim/time/cascade_replay.hh"
#include "netsim/time/live_server.hh"
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
  bool first = false;                        // of those of this recorded run
  std::uint64_t seed = 1;
};

engine::RunHeader header_of(const Play& play, const Json& simulator) {
  const ReplayCell& cell = *play.cell;
  engine::RunHeader h;
  h.compute = "recorded:" + cell.trace;
  if (play.recorded) {
    const engine::RunHeader& r = play.recorded->header;
    h.drafter = r.drafter;
    h.plan = r.plan;
    h.prompt = r.prompt;
    h.geometry = r.geometry;
    h.wire = r.wire;
  } else {
    const netsim::Batches& b = *play.batches;
    h.drafter = b.name;
    h.prompt = {b.prompt_name, b.prompt_class, static_cast<std::uint64_t>(b.prompt)};
  }
  if (const auto& p = cell.profile) {
    h.compute = "profile:" + p->name;
    h.geometry = p->geometry;
    h.wire = p->wire;
    h.plan = {p->head_layers, p->geometry.value("layers", 0) - p->head_layers - p->tail_layers,
              p->tail_layers};
    h.published = p->published;
  }
  if (cell.cascade) h.cascade = to_json(*cell.cascade);
  if (cell.noise) h.compute += ", noise:" + cell.noise->name;
  h.scenario_name = cell.name;
  h.mode = "trace-driven";  // no tensors
  h.network = stated(cell.network);
  h.seed = play.seed;
  h.simulator = simulator;
  h.commit = build_commit_text();
  h.machine = machine(1);
  h.scenario = cell.resolved;
  return h;
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
    netsim::resize_rows(scripts, engine::row_bytes_of(play.recorded->header, cell.trace),
                        cell.profile->row_bytes);
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
  std::map<engine::PartyId, engine::MemoryRecorder> recorders;
  std::map<engine::PartyId, engine::PartyMain> parties;
  netsim::Scripts scripts;
  netsim::CascadeSession session;
  if (cell.cascade) {
    session = netsim::cascade_session(*cell.cascade, *play.batches, *cell.profile);
    parties = netsim::play(session, recorders);
  } else {
    scripts = scripts_for(play);
    for (const auto& [party, script] : scripts)
      parties[party] = netsim::play(party, script, recorders[party]);
  }
  NetworkOrder order{cell.network, play.seed, [&] { return cost_for(play); }};
  order.jobs = netsim::Jobs::nothing;
  const auto network = make_network(order);
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
  if (play.first && play.recorded->end.contains("rehearsed"))
    run.end["rehearsed"] = play.recorded->end["rehearsed"];  // of the same text, at the recorded costs
  return run;
}

}  // namespace

std::vector<Run> run_replays(
    const std::vector<ReplayCell>& cells,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress, std::size_t at_once,
    const std::function<void(const engine::Run&)>& finished) {
  std::map<std::string, std::vector<Run>> traces;
  std::vector<Play> plays;
  for (const ReplayCell& cell : cells) {
    // The runs of one decoding have seeds of their own: chance does not strike all of them at the same
    // places.
    const auto seed = [&] {
      return cell.seed + (cell.batches.size() > 1 || cell.repeat > 1 ? plays.size() : 0);
    };
    for (std::uint32_t i = 0; i < cell.repeat; ++i)
      for (const netsim::Batches& batches : cell.batches)
        plays.push_back({&cell, nullptr, &batches, false, seed()});
    if (cell.trace.empty()) continue;
    auto [trace, fresh] = traces.try_emplace(cell.trace);
    if (fresh) {
      trace->second = engine::read_trace_file(cell.trace);
      for (Run& run : trace->second) run = netsim::with_its_server(std::move(run));
    }
    for (std::uint32_t i = 0; i < cell.repeat; ++i)
      for (const Run& run : trace->second)
        plays.push_back({&cell, &run, nullptr, fresh && i == 0 && !cell.profile, cell.seed + i});
  }

  std::vector<Run> runs(plays.size());
  std::atomic<std::size_t> next = 0;
  std::size_t done = 0;
  std::mutex mutex;  // done, failure, progress, finished
  std::exception_ptr failure;
  const auto worker = [&] {
    for (std::size_t i; (i = next++) < plays.size();) {
      try {
        try {
          runs[i] = run_play(plays[i]);
        } catch (const Error& e) {
          const ReplayCell& cell = *plays[i].cell;
          throw Error("{} ({}): {}", cell.name, label(model::condition_of(stated(cell.network))), e.what());
        }
        runs[i].header.run = i;
        runs[i].end["run"] = i;
        const std::lock_guard lock(mutex);
        if (finished) finished(runs[i]);
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
  const std::size_t cores = alone         ? 1
                            : at_once > 0 ? at_once
                                          : std::max(1u, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(cores, plays.size()); ++i) threads.emplace_back(worker);
  }
  if (failure) std::rethrow_exception(failure);
  return runs;
}

}  // namespace splitwan::scenarios
