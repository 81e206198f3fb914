#include "scenarios/run/run_scenario.hh"

#include <ATen/Parallel.h>

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/decode/remote_text.hh"
#include "engine/drafters/named.hh"
#include "engine/text/tokenizer.hh"
#include "scenarios/console/machine.hh"
#include "scenarios/run/cascade.hh"
#include "scenarios/run/checks.hh"
#include "scenarios/run/networks/networks.hh"
#include "scenarios/run/privacy.hh"
#include "scenarios/run/rehearsals.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Party;

engine::RunHeader header(const Scenario& s, const engine::ModelConfig& config, const std::string& decode,
                         const Prompt& prompt, std::size_t tokens,
                         const std::optional<engine::Mechanism>& mechanism) {
  const NetworkRow& kind = row_of(s.network.kind);
  engine::RunHeader h;
  h.scenario_name = s.name;
  h.network = stated(s.network);
  h.drafter = decode;
  h.sampling = s.sampling;
  h.prompt = {prompt.name, prompt.kind, tokens};
  const auto middle = config.layers - s.head_layers - s.tail_layers;
  h.plan = !kind.splits                  ? engine::StatedPlan{config.layers, 0, 0}
           : s.privacy.text_comes_back() ? engine::StatedPlan{0, config.layers, 0}
                                         : engine::StatedPlan{s.head_layers, middle, s.tail_layers};
  h.wire = s.wire->name();
  h.storage = engine::name_of(s.storage);
  h.device = s.place.device.str();
  h.compute = kind.wall_time ? "live" : s.compute;
  if (kind.splits) h.defences = s.defences.to_json();
  if (s.cascade.on) h.cascade = to_json(s.cascade.terms);
  h.privacy = privacy_header(s.privacy, mechanism);
  h.geometry = geometry(config);
  h.seed = s.seed;
  h.prompts_left_out = s.prompts_left_out;
  h.commit = build_commit_text();
  h.machine = machine(s.threads);
  h.scenario = s.resolved;
  return h;
}

engine::SplitOptions options_for(const Scenario& s, const std::optional<engine::Mechanism>& mechanism,
                                 const std::optional<engine::Checking>& checks, int length = 0) {
  engine::SplitOptions options{s.wire};
  options.length = length;
  options.mechanism = mechanism;
  options.checks = checks;
  options.defences = s.defences;
  options.seed = s.seed;
  if (!s.network.server.empty()) options.patience = s.network.patience;
  return options;
}

// What the client of one run needs, and what it leaves behind.
struct Client {
  const engine::ModelEnds& ends;
  const engine::ModelEnds* draft_model;
  std::string decode;
  std::span<const engine::Token> prompt;
  engine::GenerateOptions options;
  std::optional<engine::Mechanism> mechanism;
  std::optional<engine::Checking> checks;
  engine::TeeRecorder recorder;
  engine::Generation generation;
  std::uint64_t round_trips = 0;

  void run(const Scenario& s, engine::Transport& transport, engine::Clock& clock) {
    at::set_num_threads(s.threads);
    Party party(client, transport, clock, recorder);
    if (s.privacy.text_comes_back()) {
      generation = engine::ask_text(party, server, ends, options_for(s, mechanism, checks), prompt, options);
      round_trips = 1;
      return;
    }
    const bool local = !row_of(s.network.kind).splits;
    const int length = static_cast<int>(std::min<std::size_t>(
        prompt.size() + static_cast<std::size_t>(options.max_new_tokens), ends.config().context));
    const engine::LayerRange between{ends.head().range().end, ends.tail().range().begin};
    const auto forward =
        local ? engine::make_local(party, ends, length)
        : s.cascade.on
            ? engine::make_cascade(party, ends, cascade_terms(s, between), cascade_options(s, length))
            : engine::make_split(party, server, ends, options_for(s, mechanism, checks, length));
    const engine::Sampler sampler(options.sampling);
    const auto drafter =
        engine::make_drafter(decode, {&sampler, draft_model, length, ends.config().vocabulary});
    generation = engine::generate(party, *forward, *drafter, ends.config(), prompt, options);
    round_trips = forward->round_trips();
    if (!local) forward->close();
  }
};

engine::SplitPlan plan_of(const Scenario& s, int layers) {
  if (!row_of(s.network.kind).splits) return {{0, layers}, {layers, layers}, {layers, layers}};
  if (s.privacy.text_comes_back()) return {{0, 0}, {0, layers}, {layers, layers}};
  return engine::SplitPlan::of(layers, s.head_layers, s.tail_layers);
}

engine::GenerateOptions options_of(const Scenario& s, const engine::GenerateOptions& watch) {
  engine::GenerateOptions options = watch;
  options.max_new_tokens = s.max_new_tokens;
  options.stop_at_eos = s.stop_at_eos;
  options.sampling = s.sampling;
  options.sampling.seed = s.seed;
  return options;
}

// Prompts and links of one study meet losses and jitter of their own: with one seed for all, the same packets
// would be lost in every run, and a study would be a single draw. Drafters share theirs, to be compared.
std::uint64_t seed_of(const Scenario& s, std::span<const engine::Token> ids, const NetworkChoice& network) {
  std::uint64_t hash = 0xcbf29ce484222325 ^ s.seed;  // FNV-1a
  const auto mix = [&](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  for (const engine::Token id : ids) mix(static_cast<std::uint64_t>(id));
  for (const auto& link : {network.up, network.down}) {
    mix(static_cast<std::uint64_t>(link.delay.count()));
    mix(static_cast<std::uint64_t>(link.bits_per_second));
  }
  return (hash >> 33) + 1;
}
std::uint64_t seed_of_link(const Scenario& s, std::span<const engine::Token> ids) {
  return seed_of(s, ids, s.network);
}
// Coins of a text are the same over every link.
std::uint64_t seed_of_noise(const Scenario& s, std::span<const engine::Token> ids) {
  return seed_of(s, ids, {});
}

}  // namespace

const engine::ModelEnds& draft_model_of(const Scenario& s, Resources& resources) {
  LoadedModel& draft = resources.model(s.draft_model, engine::Storage::automatic, s.place);
  const int theirs = draft.config().vocabulary,
            ours = resources.model(s.model, s.storage, s.place).config().vocabulary;
  // Rows are padded for speed: Qwen2.5 has 151,936 below 3B and 152,064 above. llama.cpp allows as much.
  constexpr int padding = 128;
  if (std::abs(theirs - ours) > padding)
    throw Error(
        "{}: a draft model with a vocabulary of {}: expected {}, as {} has, give or take {} of padding",
        s.draft_model, theirs, ours, s.model, padding);
  return draft.whole();
}

Outcome run_prompt(const Scenario& s, Resources& resources, const std::string& decode, const Prompt& prompt,
                   std::span<const engine::Token> ids, const engine::GenerateOptions& watch,
                   engine::TraceWriter* trace) {
  LoadedModel& model = resources.model(s.model, s.storage, s.place);
  const auto plan = plan_of(s, model.config().layers);
  const bool drafts = !s.draft_model.empty() && engine::uses_draft_model(decode);
  const engine::DelWeights* del =
      s.privacy.on() ? &resources.del(s.privacy.maps, model.config().width) : nullptr;
  if (del && del->depth != plan.head.end)
    throw Error("{}: maps for rows after {} layers: the client's end after {}", del->folder, del->depth,
                plan.head.end);
  Client ours{
      model.ends(plan),
      drafts ? &draft_model_of(s, resources) : nullptr,
      decode,
      ids,
      options_of(s, watch),
      del ? std::optional(mechanism_of(s, *del, seed_of_noise(s, ids))) : std::nullopt,
      s.checks.on() ? std::optional(checking_of(s, model, plan.middle, seed_of_noise(s, ids))) : std::nullopt,
      {},
      {}};
  std::map<engine::PartyId, engine::MemoryRecorder> theirs;
  Json simulator, links;
  std::map<engine::PartyId, engine::PartyMain> parties;
  parties[client] = [&](auto& transport, auto& clock) { ours.run(s, transport, clock); };
  at::set_num_threads(s.threads);  // this thread computes for every party in virtual time
  const NetworkRow& kind = row_of(s.network.kind);
  std::vector<ShardNode> nodes;  // by number, from 1 on
  if (s.cascade.on) {
    for (engine::PartyId id = 1; s.network.addresses.empty() && id < s.network.parties.size(); ++id)
      nodes.emplace_back(s, id, &model);
    for (engine::PartyId id = 1; id <= nodes.size(); ++id) {
      parties[id] = [&, id, &recorder = theirs[id]](engine::Transport& transport, engine::Clock& clock) {
        at::set_num_threads(s.threads);
        Party party(id, transport, clock, recorder);
        nodes[id - 1].serve(party);
      };
    }
  } else if (kind.splits && s.network.server.empty()) {
    const bool whole = s.privacy.text_comes_back();
    const engine::ModelEnds* all = whole ? &model.whole() : nullptr;
    const engine::LayerStack* middle = whole ? nullptr : &model.middle(plan.middle);
    parties[server] = [&, all, middle, &recorder = theirs[server]](engine::Transport& transport,
                                                                   engine::Clock& clock) {
      at::set_num_threads(s.threads);
      Party party(server, transport, clock, recorder);
      const engine::ServeOptions options{.del = del};
      if (all)
        engine::serve_text(party, client, *all, options);
      else
        engine::serve_middle(party, client, model.config(), *middle, options);
    };
  }
  NetworkOrder order{s.network, seed_of_link(s, ids)};
  if (s.cascade.on) order.shards = &s.cascade.terms.sharding;
  if (s.cascade.on)
    order.answers.payload = std::max<std::uint64_t>(
        1 << 16, 4ull * std::max(model.config().context, engine::widest_tree) * model.config().width);
  else if (s.privacy.text_comes_back())
    order.answers = engine::text_limits(), order.resumable = false;
  else
    order.answers = answer_limits(model.config(), options_for(s, ours.mechanism, ours.checks));
  if (kind.charges) {
    const ComputeSource& compute = resources.compute(s.compute);
    order.cost = [&] { return compute.cost(decode, prompt.name, s.sampling); };
    order.message_size = compute.message_size();
  }
  const auto network = make_network(order);
  engine::RunHeader about = header(s, model.config(), decode, prompt, ids.size(), ours.mechanism);
  if (trace && kind.wall_time && parties.size() == 1) ours.recorder.other = trace->begin(about);
  network->run(parties);
  simulator = network->settings();
  links = network->totals();
  engine::Run run = std::move(ours.recorder.run);
  for (const auto& [id, recorder] : theirs)
    run.spans.insert(run.spans.end(), recorder.run.spans.begin(), recorder.run.spans.end());
  std::stable_sort(run.spans.begin(), run.spans.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
  run.header = std::move(about);
  run.header.simulator = simulator;
  const engine::Generation& done = ours.generation;
  run.end = {{"type", "end"},
             {"run", 0},
             {"output_ids", done.output},
             {"finish", done.finish},
             {"steps", done.steps},
             {"round_trips", ours.round_trips},
             {"prefill_ns", done.prefill.count()},
             {"total_ns", done.total.count()}};
  if (!links.is_null()) run.end["links"] = links;
  if (const std::string how = network->protection(); !how.empty()) run.end["protection"] = how;
  if (ours.checks) run.end["checks"] = checks_made(*ours.checks, run.checks, plan.middle);
  if (ours.mechanism) run.end["privacy"] = privacy_spent(s.privacy, *ours.mechanism, del->depth);
  return {std::move(run), std::move(ours.generation)};
}

std::vector<engine::Token> prompt_ids(const Scenario& s, Resources& resources, const Prompt& prompt) {
  if (!prompt.ids.empty()) {
    std::vector<engine::Token> ids = prompt.ids, prefix = public_prefix(s, resources);
    if (prefix.empty()) return ids;
    prefix.insert(prefix.end(), ids.begin() + (ids.front() == prefix.front() ? 1 : 0), ids.end());
    return prefix;
  }
  std::vector<engine::Token> ids = resources.tokenizer(s.model).encode(prompt.text);
  const engine::TextFrame frame =
      resources.frame(s.model, resources.model(s.model, s.storage, s.place).config());
  const std::vector<engine::Token> before =
      s.cascade.public_prefix > 0 ? public_prefix(s, resources) : frame.before;
  ids.insert(ids.begin(), before.begin(), before.end());
  ids.insert(ids.end(), frame.after.begin(), frame.after.end());
  return ids;
}

void fit_prompts(Scenario& s, Resources& resources) {
  const auto context =
      static_cast<std::size_t>(resources.model(s.model, s.storage, s.place).config().context);
  const std::size_t before = s.prompts.size();
  std::erase_if(s.prompts, [&](const Prompt& prompt) {
    const std::size_t tokens = prompt_ids(s, resources, prompt).size();
    if (s.skip_long_prompts) return tokens + s.max_new_tokens > context;
    if (tokens >= context)
      throw Error("prompt {}: {} tokens, the model's context is {}, one must be left to generate",
                  prompt.name, tokens, context);
    return false;
  });
  s.prompts_left_out = before - s.prompts.size();
  if (s.prompts.empty()) throw Error("every prompt is longer than the model's context of {}", context);
}

std::vector<engine::Run> run_scenarios(
    std::vector<Scenario> scenarios,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress,
    engine::TraceWriter* trace) {
  std::size_t total = 0;
  std::vector<engine::Run> runs;
  Resources resources;
  Rehearsals rehearsals;
  for (Scenario& s : scenarios) {
    fit_prompts(s, resources);  // before hours of others have run
    total += s.decode.size() * s.prompts.size();
  }
  for (const Scenario& s : scenarios) {
    for (const std::string& decode : s.decode) {
      for (const Prompt& prompt : s.prompts) {
        const auto ids = prompt_ids(s, resources, prompt);
        progress(runs.size(), total, fmt::format("{} {}", decode, prompt.name));
        runs.push_back(run_prompt(s, resources, decode, prompt, ids, {}, trace).run);
        runs.back().header.run = runs.size() - 1;
        runs.back().end["run"] = runs.size() - 1;
        rehearsals.add_to(runs.back(), s, resources, prompt, ids);
        if (trace) trace->add(runs.back());
      }
    }
  }
  return runs;
}

}  // namespace splitwan::scenarios
