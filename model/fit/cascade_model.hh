// The latency model of sharded tokens (Cascade): what a job costs, by its kind, rows and keys, fitted to
// traces; the rest is physics (model/path/shard_paths.hh): two hops a layer, messages packet by packet,
// whoever is waited for. So it predicts round trips, rates and numbers of shards that it never saw.
#pragma once

#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model/fit/closed_form.hh"
#include "model/observe/sharded.hh"
#include "model/path/shard_paths.hh"

namespace splitwan::model {

constexpr const char* cascade_model_kind = "cascade_model";
constexpr int cascade_model_schema_version = 1;

// Seconds as measured at some numbers of rows, in proportion in between; and of each key that a row sees.
struct WorkTable {
  std::map<double, double> by_rows;
  double per_key_s = 0;
  double at(double rows, double keys = 0) const;
};

// Decode steps of one drafter and number of rows: rows lie on `levels` positions.
struct ShardShape {
  std::string drafter;
  std::uint32_t rows = 1, levels = 1;
  double tokens_per_step = 1;
  std::size_t steps = 0;
};

struct CascadeModel {
  Json source = Json::object();
  WorkTable node[node_works];              // by kind of job
  std::vector<double> spread[node_works];  // how jobs vary: over what is typical of them; empty: not at all
  WorkTable lead, tail, draft;             // the client's, of a batch; of a step's guesses
  double overhead_s = 0;                   // of a decode step, what is left
  double initial_window = 10;              // segments
  bool inferred = false;                   // nobody recorded the nodes: their jobs are what the steps leave
  std::size_t runs = 0, steps = 0;
  std::set<int> alphas, clusters;  // fitted on
  Range rtt_s, up_bps, down_bps, rows;
  std::vector<ShardShape> shapes;
  Condition usual;                // the link that most steps had
  std::uint32_t prompt_rows = 1;  // the mean prompt's
  Json validation = Json::object();

  // Each step of a run, with its rows, over its links.
  std::vector<ShardTrail> predict(const ShardedRun&) const;
};

// Mean seconds of the decode steps.
double mean_step_s(const ShardedRun&);
double mean_step_s(const ShardedRun&, const std::vector<ShardTrail>&);

// Throws Error where there is no decode step, or runs differ in more than link, shards, drafter, prompt and
// seed.
CascadeModel fit_cascade(const std::vector<const ShardedRun*>&);
CascadeModel fit_cascade(const std::vector<engine::Run>&, const std::vector<ShardedRun>&);

std::string name_of(NodeWork);
Json to_json(const CascadeModel&);
// The file that fit writes is one of these.
bool is_cascade_model(const Json&);
CascadeModel cascade_model_of(const Json&,
                              const std::string& name);  // throws Error naming `name` and the key

}  // namespace splitwan::model
