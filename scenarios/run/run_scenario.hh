// Runs scenarios: builds the network, the parties and the forwards; gives back traces.
#pragma once

#include <functional>

#include "engine/decode/generate.hh"
#include "engine/party/roles.hh"
#include "engine/party/trace_writer.hh"
#include "scenarios/read/scenario.hh"
#include "scenarios/run/resources.hh"

namespace splitwan::scenarios {

using engine::roles::client;
using engine::roles::server;

struct Outcome {
  engine::Run run;  // header and end lines are complete but for the index
  engine::Generation generation;
};

// One prompt through one drafter over the scenario's network. `ids` are the prompt's, begin-of-text token
// included. Of `watch` only the callbacks count; the other options are the scenario's. Where time is real and
// all parties but the client are elsewhere, `trace` gets its steps as they come; add() is the caller's.
Outcome run_prompt(const Scenario&, Resources&, const std::string& decode, const Prompt&,
                   std::span<const engine::Token> ids, const engine::GenerateOptions& watch = {},
                   engine::TraceWriter* trace = nullptr);

// That the scenario names. Throws Error when its vocabulary is another than the model's.
const engine::ModelEnds& draft_model_of(const Scenario&, Resources&);

// The prompt's tokens, begin-of-text token included where the model has one.
std::vector<engine::Token> prompt_ids(const Scenario&, Resources&, const Prompt&);

// Prompts that the context cannot hold: left out and counted where the scenario says so, else an Error names
// the first.
void fit_prompts(Scenario&, Resources&);

// Every scenario x drafter x prompt, in order. `progress(done, total, what)` is called before each run,
// `trace` is told of each once it is done.
std::vector<engine::Run> run_scenarios(
    std::vector<Scenario>, const std::function<void(std::size_t, std::size_t, const std::string&)>& progress,
    engine::TraceWriter* trace = nullptr);

}  // namespace splitwan::scenarios
