// A study of Cascade: is the text the same, what crosses the network, how fast is it, by shards, network and
// drafter.
#pragma once

#include "engine/base/schema.hh"
#include "scenarios/study/study_jobs.hh"

namespace splitwan::scenarios {

struct CascadeStudy {
  std::string name = "cascade", file;
  Json run;  // a scenario's keys: model, prompts, ..
  std::vector<int> alpha, cluster = {1};
  Json networks;  // each an object of a network's keys, "name" beside them
  std::vector<std::string> decode = {"sequential"};
  Json text;  // the scenario as written
};

std::vector<engine::SchemaKey> cascade_study_schema();
// Throws Error naming the file and key.
CascadeStudy read_cascade_study(const Json& scenario, const std::string& file);

// cells[] {alpha, c, network, drafter, identical, max_logit_diff, bytes, formula_bytes, hops, hole_gap,
// inside_gap, tokens_per_s, ..}: scenarios/README.md.
Json run_cascade_study(const CascadeStudy&, const Json& earlier, const Stop&, const StudyWatch&);
std::string cascade_tables(const Json& result);

}  // namespace splitwan::scenarios
