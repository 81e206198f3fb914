// Every system that this program runs, on one chart: how fast over which link, how many bytes, how exact,
// what the strongest attack reads, what is proved of it, and who must not collude.
#pragma once

#include "engine/base/schema.hh"
#include "scenarios/study/study_jobs.hh"

namespace splitwan::scenarios {

struct SystemChoice {
  std::string name;
  Json keys;                        // a scenario's, over those of all systems
  std::vector<std::string> decode;  // the fastest counts
};

struct SystemsStudy {
  std::string name = "systems", file;
  Json run;    // a scenario's keys, for all
  Json links;  // each an object of a network's keys, "name" beside them
  std::vector<SystemChoice> systems;
  std::string documents;  // attacked
  int documents_used = 8, document_tokens = 32, held_out = 64, budget = 4096;
  double delta = 1e-5;
  std::uint64_t seed = 1;
  int threads = 1;
  Json text;  // the scenario as written
};

std::vector<engine::SchemaKey> systems_study_schema();
// Throws Error naming the file and key.
SystemsStudy read_systems_study(const Json& scenario, const std::string& file);

// systems[] {system, link, tokens_per_s, bytes_per_token, exact, perplexity, attack, attack_success, epsilon,
// parties,
// ..}: scenarios/README.md.
Json run_systems_study(const SystemsStudy&, const Json& earlier, const Stop&, const StudyWatch&);
std::string systems_tables(const Json& result);

}  // namespace splitwan::scenarios
