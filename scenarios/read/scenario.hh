// What to run, as a person writes it. Everything has a default but the model; unknown keys are errors.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/sampling.hh"
#include "engine/base/schema.hh"
#include "engine/kernels/storage.hh"
#include "engine/layers/device.hh"
#include "engine/split/codec.hh"
#include "scenarios/read/cascade_choice.hh"
#include "scenarios/read/check_choice.hh"
#include "scenarios/read/network_choice.hh"
#include "scenarios/read/privacy_choice.hh"
#include "scenarios/read/prompts.hh"

namespace splitwan::scenarios {

using engine::SchemaKey;

struct Scenario {
  std::string name;
  std::string model;  // folder; relative ones are sought from the scenario's own
  int head_layers = 2, tail_layers = 2;
  const engine::Codec* wire = &engine::lossless_codec();
  engine::Defences defences;  // their seed is the scenario's
  PrivacyChoice privacy;
  CascadeChoice cascade;
  CheckChoice checks;
  engine::Storage storage = engine::Storage::automatic;  // of weights in memory
  engine::Placement place;                               // of every party that runs here
  NetworkChoice network;
  std::string compute = "reference";  // "reference", "measured", or "recorded:TRACE"
  std::vector<std::string> decode = {"sequential"};
  std::string draft_model;    // folder, for the drafters that need one
  engine::Sampling sampling;  // its seed is the scenario's
  std::vector<Prompt> prompts;
  bool skip_long_prompts = false;    // those that leave no room for max_new_tokens
  std::size_t prompts_left_out = 0;  // so many were
  int max_new_tokens = 64;
  bool stop_at_eos = true;
  bool rehearse = true;  // the text with other drafters, after it is there
  int threads = 1;
  std::uint64_t seed = 1;
  Json resolved;  // what was read, overrides applied: the trace repeats it
};

// Every key of a scenario that runs a model, its network's included.
const std::vector<SchemaKey>& scenario_schema();
const SchemaKey& schema_key(const std::string& path);

// What a file or a command line says, into `s`; what it does not say stays. Files in it are sought from the
// folder of `where`, which errors begin with. Throws Error.
void read_keys(Scenario& s, const Json&, const std::string& where);
// What must hold between keys. Throws Error.
void check(const Scenario&, const std::string& where);

// One scenario, whole. Throws Error naming `file` and the key.
enum class Asks : std::uint8_t { prompts, nothing };  // nothing: of who serves
Scenario read_scenario(const Json&, const std::string& file, Asks = Asks::prompts);

// A scenario file and its sweep: one Scenario per combination of the values under "sweep", in order.
// `overrides` are "network.rtt=20ms": the key must exist in the schema; the value is JSON or else a string; a
// key that is swept loses its sweep.
std::vector<Scenario> load_scenarios(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace splitwan::scenarios
