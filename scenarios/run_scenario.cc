#include "scenarios/run_scenario.hh"

#include <ATen/Parallel.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "engine/error.hh"
#include "engine/sockets.hh"
#include "engine/tokenizer.hh"
#include "scenarios/machine.hh"
#include "scenarios/simulated_network.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Party;

// Over a live connection only the client is ours.
void run_live(const Scenario& s, const engine::ModelConfig& config, const engine::PartyMain& client_main) {
  boost::asio::io_context io;
  engine::WallClock clock;
  engine::SocketTransport transport(clock);
  const auto endpoint = engine::parse_endpoint(s.network.server);
  engine::Limits limits;
  limits.payload = std::max<std::uint64_t>(1 << 16, 4ull * config.context * config.width);
  transport.add(server, "server " + s.network.server, engine::connect(io, endpoint), limits);
  client_main(transport, clock);
}

Json header(const Scenario& s, const engine::ModelConfig& config, const std::string& decode,
            const Prompt& prompt, std::size_t tokens) {
  const int middle = config.layers - s.head_layers - s.tail_layers;
  return {{"type", "run"},
          {"schema_version", engine::trace_schema_version},
          {"run", 0},
          {"scenario_name", s.name},
          {"conditions", conditions_of(s.network)},
          {"drafter", decode},
          {"prompt", {{"name", prompt.name}, {"class", prompt.kind}, {"tokens", tokens}}},
          {"plan", s.network.kind == NetworkKind::local
                       ? Json{{"head", config.layers}, {"middle", 0}, {"tail", 0}}
                       : Json{{"head", s.head_layers}, {"middle", middle}, {"tail", s.tail_layers}}},
          {"wire", engine::name_of(s.wire)},
          {"storage", engine::name_of(s.storage)},
          {"device", s.device.str()},
          {"compute", s.network.kind == NetworkKind::sockets ? "live" : s.compute},
          {"geometry", geometry(config)},
          {"seed", s.seed},
          {"commit", build_commit_text()},
          {"machine", machine(s.threads)},
          {"scenario", s.resolved}};
}

engine::SplitOptions options_for(const Scenario& s) {
  engine::SplitOptions options{s.wire};
  if (!s.network.server.empty()) options.patience = s.network.patience;
  return options;
}

// One client's life; fills `result` and `round_trips`.
engine::PartyMain client_main(const Scenario& s, LoadedModel& model, const std::string& decode,
                              std::span<const engine::Token> ids, const engine::GenerateOptions& options,
                              engine::Recorder& recorder, engine::Generation& result,
                              std::uint64_t& round_trips) {
  const bool local = s.network.kind == NetworkKind::local;
  const auto plan =
      engine::SplitPlan::of(model.config().layers, local ? 0 : s.head_layers, local ? 0 : s.tail_layers);
  const engine::ModelEnds& ends = local ? model.whole() : model.ends(plan);
  return [&, local, ids, options](engine::Transport& transport, engine::Clock& clock) {
    at::set_num_threads(s.threads);
    Party party(client, transport, clock, recorder);
    const auto forward =
        local ? engine::make_local(party, ends) : engine::make_split(party, server, ends, options_for(s));
    const auto drafter = engine::make_drafter(decode);
    result = engine::generate(party, *forward, *drafter, model.config(), ids, options);
    round_trips = forward->round_trips();
    if (!local) forward->close();
  };
}

}  // namespace

const engine::ModelEnds& LoadedModel::ends(const engine::SplitPlan& plan) {
  auto& ends = ends_[{plan.head.end, plan.tail.begin}];
  if (!ends) ends = std::make_unique<engine::ModelEnds>(checkpoint_, plan.head, plan.tail, storage_, place_);
  return *ends;
}

const engine::LayerStack& LoadedModel::middle(engine::LayerRange range) {
  auto& middle = middles_[{range.begin, range.end}];
  if (!middle) middle = std::make_unique<engine::LayerStack>(checkpoint_, range, storage_, place_);
  return *middle;
}

const engine::ModelEnds& LoadedModel::whole() {
  const int n = config().layers;
  return ends({{0, n}, {n, n}, {n, n}});
}

engine::Run run_prompt(const Scenario& s, LoadedModel& model, const std::string& decode, const Prompt& prompt,
                       std::span<const engine::Token> ids, engine::Generation* result,
                       const std::function<void(engine::Token, const at::Tensor&)>& on_token) {
  return run_prompt(s, ComputeSource(s.compute), model, decode, prompt, ids, result, on_token);
}

engine::Run run_prompt(const Scenario& s, const ComputeSource& compute, LoadedModel& model,
                       const std::string& decode, const Prompt& prompt, std::span<const engine::Token> ids,
                       engine::Generation* result,
                       const std::function<void(engine::Token, const at::Tensor&)>& on_token) {
  engine::MemoryRecorder ours, theirs;
  engine::Generation generation;
  std::uint64_t round_trips = 0;
  Json simulator, links;
  const engine::GenerateOptions options{s.max_new_tokens, s.stop_at_eos, on_token};
  std::map<engine::PartyId, engine::PartyMain> parties;
  parties[client] = client_main(s, model, decode, ids, options, ours, generation, round_trips);
  at::set_num_threads(s.threads);  // this thread computes for every party in virtual time
  if (!s.network.server.empty()) {
    run_live(s, model.config(), parties[client]);
  } else {
    if (s.network.kind != NetworkKind::local) {
      const auto plan = engine::SplitPlan::of(model.config().layers, s.head_layers, s.tail_layers);
      const engine::LayerStack& middle = model.middle(plan.middle);
      parties[server] = [&](engine::Transport& transport, engine::Clock& clock) {
        at::set_num_threads(s.threads);
        Party party(server, transport, clock, theirs);
        engine::serve_middle(party, client, model.config(), middle);
      };
    }
    if (s.network.kind == NetworkKind::sockets) {
      engine::SocketNetwork().run(parties);
    } else {
      SimulatedNetwork network(s.network, s.seed, compute.cost(decode, prompt.name), compute.message_size());
      network.run(parties);
      simulator = network.settings();
      links = network.totals();
    }
  }
  engine::Run run = std::move(ours.run);
  run.spans.insert(run.spans.end(), theirs.run.spans.begin(), theirs.run.spans.end());
  std::stable_sort(run.spans.begin(), run.spans.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  run.header = header(s, model.config(), decode, prompt, ids.size());
  if (!simulator.is_null()) run.header["simulator"] = simulator;
  run.end = {{"type", "end"},
             {"run", 0},
             {"output_ids", generation.output},
             {"finish", generation.finish},
             {"steps", generation.steps},
             {"round_trips", round_trips},
             {"prefill_ns", generation.prefill.count()},
             {"total_ns", generation.total.count()}};
  if (!links.is_null()) run.end["links"] = links;
  if (result) *result = std::move(generation);
  return run;
}

std::vector<engine::Run> run_scenarios(
    const std::vector<Scenario>& scenarios,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress) {
  std::size_t total = 0;
  for (const Scenario& s : scenarios) total += s.decode.size() * s.prompts.size();
  std::vector<engine::Run> runs;
  std::map<std::tuple<std::string, engine::Storage, std::string>, LoadedModel> models;
  std::map<std::string, std::unique_ptr<engine::Tokenizer>> tokenizers;
  for (const Scenario& s : scenarios) {
    const ComputeSource compute(s.compute);
    LoadedModel& model =
        models.try_emplace({s.model, s.storage, s.device.str()}, s.model, s.storage, s.device).first->second;
    for (const std::string& decode : s.decode) {
      for (const Prompt& prompt : s.prompts) {
        std::vector<engine::Token> ids = prompt.ids;
        if (ids.empty()) {
          auto& tokenizer = tokenizers[s.model];
          if (!tokenizer) tokenizer = engine::load_tokenizer(s.model);
          ids = tokenizer->encode(prompt.text);
          if (model.config().bos >= 0) ids.insert(ids.begin(), model.config().bos);
        }
        progress(runs.size(), total, fmt::format("{} {}", decode, prompt.name));
        runs.push_back(run_prompt(s, compute, model, decode, prompt, ids));
        runs.back().header["run"] = runs.back().end["run"] = runs.size() - 1;
      }
    }
  }
  return runs;
}

}  // namespace splitwan::scenarios
