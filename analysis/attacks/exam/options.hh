// What to attack and how, as a scenario states it. Everything has a default but the model and the documents.
#pragma once

#include <string>
#include <vector>

#include "analysis/attacks/exam/documents.hh"
#include "engine/base/schema.hh"

namespace splitwan::attacks {

using engine::Json;

struct Defence {
  std::string name = "none";
  const engine::Codec* wire = &engine::lossless_codec();
  engine::Defences client;  // what the client does besides
  bool operator==(const Defence& other) const { return name == other.name; }
};
// "none", a codec's name, or the words of a defence: "noise 0.1", "random depth". Throws Error.
Defence defence_named(const std::string&);

// Those that a scenario may name, and those of them that defended models meet unless it names others.
struct AttackerNames {
  std::vector<std::string> all, against_defences;
};

constexpr int window = 32;  // positions that an attacker who looks at neighbours is shown at once

struct Options {
  std::string model;
  std::vector<int> depths = {0, 1, 2, 3, 4, 5};
  std::vector<Cut> cuts = {Cut::input, Cut::output};
  std::vector<std::string> attackers;  // default: all
  std::vector<Defence> defences = {{}};
  std::vector<std::string> defence_attackers;
  std::vector<int> defence_depths = {2};  // of every defence but "none"
  std::vector<std::uint64_t> seeds = {1, 2, 3};
  std::vector<std::string> documents;  // held out: .json with names, or plain texts split at blank lines
  int document_limit = 40;
  int prompt_tokens = 48;                        // longer prompts are cut there
  int new_tokens = 16;                           // decoded after each, with n-gram speculation
  int search_documents = 8, search_tokens = 24;  // so many documents' first rows, for the attacks that search
  std::vector<std::string> training_files;       // empty: sampled from the model
  int text_tokens = 96;                          // rows of each training text
  std::int64_t pairs = 300'000, chunk = 300'000;  // for the learned attackers; held in memory at once
  std::int64_t sequence_pairs = 150'000, published_pairs = 880, shuffled_pairs = 30'000,
               defence_pairs = 60'000;
  double rare = 0.1;  // the rarest tokens that together make up this share of the training text
  int lora_rank = 8, lora_steps = 100;
  int threads = 2;
  Json resolved;
};

// Every key of a suite's file, but for `speed`, which is the command's.
std::vector<engine::SchemaKey> attack_schema();
// Throws Error naming the file, the key, what was expected and what was found.
Options read_options(const Json& scenario, const std::string& file, const AttackerNames&);
// What only the model can tell.
void check_depths(const Options&, const engine::ModelConfig&, const std::string& file);

}  // namespace splitwan::attacks
