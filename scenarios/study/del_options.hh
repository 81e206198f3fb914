// A study of DEL as a scenario file states it: what the mechanism costs in utility and bytes, what is left
// for an attacker, cell by cell.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/schema.hh"
#include "engine/privacy/mechanism_terms.hh"

namespace splitwan::scenarios {

struct DelOptions {
  std::string name = "del", model;
  std::vector<std::string> maps;  // folders, one a width
  std::vector<double> mu;
  std::vector<int> bits;
  engine::Trust trust = engine::Trust::published;
  int tail = 0;  // last layers with the client, where the trust is ours
  std::string soft_prompt = "clean";
  double cap = 0, delta = 1e-5;
  std::vector<std::string> attackers;  // empty: all that need not learn
  std::string documents;               // attacked
  int documents_used = 40, document_tokens = 48, beam = 8;
  std::vector<std::string> baselines;  // kinds of channels, at the first cell's width and at equal epsilon
  std::vector<double> baseline_epsilon = {4};  // of rantext
  int held_out = 64, context = 128;            // windows of text and their tokens
  std::vector<std::string> corpora;            // files of a second text
  int continuations = 16, continuation_tokens = 32;
  std::vector<std::string> links;
  int prompt_tokens = 512;      // whose first token is timed
  std::vector<double> targets;  // of attack success: mu is sought by bisection
  std::optional<engine::Json>
      training;  // soft prompts that are missing are trained: a recipe's keys, and "folder"
  std::uint64_t seed = 1;
  int threads = 1;
  engine::Json text;  // the scenario as written
};

std::string name_of_maps(const std::string& folder);  // its last part: "width-32"
std::vector<engine::SchemaKey> del_study_schema();
// Throws Error naming the file and key.
DelOptions read_del_study(const engine::Json& scenario, const std::string& file);

}  // namespace splitwan::scenarios
