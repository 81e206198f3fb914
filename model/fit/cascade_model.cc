#include "model/fit/cascade_model.hh"

#include <algorithm>

#include "engine/base/error.hh"
#include "engine/base/order_statistics.hh"
#include "model/observe/source.hh"
#include "model/path/random.hh"

namespace splitwan::model {
namespace {

using engine::ShardJob;

constexpr std::uint64_t greeting_bytes = 364;  // of a hello, its header among them
constexpr std::size_t kept_ratios = 256;
constexpr double calm = 0.005;  // ratios that vary less say nothing

struct Sample {
  double rows, keys, seconds;
};

// Only who attends has to do with keys.
double keys_of(NodeWork kind, double keys) { return kind == NodeWork::attend ? keys : 0; }

WorkTable table_of(const std::vector<Sample>& samples) {
  WorkTable table;
  if (samples.empty()) return table;
  std::vector<double> ones(samples.size(), 1), rows, keys, seconds;
  for (const Sample& s : samples)
    rows.push_back(s.rows), keys.push_back(s.keys), seconds.push_back(s.seconds);
  if (std::ranges::max(keys) > std::ranges::min(keys))
    table.per_key_s = robust_fit({ones, rows, keys}, seconds)[2].value;
  std::map<double, std::pair<double, double>> sums;
  for (const Sample& s : samples) {
    sums[s.rows].first += s.seconds - table.per_key_s * s.keys;
    ++sums[s.rows].second;
  }
  for (const auto& [at, sum] : sums) table.by_rows[at] = std::max(0.0, sum.first / sum.second);
  return table;
}

// Evenly from all that were measured, least first.
std::vector<double> spread_of(const WorkTable& table, const std::vector<Sample>& samples) {
  std::vector<double> ratios;
  for (const Sample& s : samples)
    if (const double typical = table.at(s.rows, s.keys); typical > 0) ratios.push_back(s.seconds / typical);
  if (ratios.empty()) return {};
  std::ranges::sort(ratios);
  if (ratios[ratios.size() * 9 / 10] - ratios[ratios.size() / 10] < calm) return {};
  std::vector<double> kept;
  const std::size_t count = std::min(kept_ratios, ratios.size());
  for (std::size_t i = 0; i < count; ++i) kept.push_back(ratios[i * ratios.size() / count]);
  return kept;
}

double most_rows_of(const ShardedRun& run, const ShardedStep& step) {
  std::map<int, double> of;
  const ShardedBatch& b = step.batches.back();
  double most = 0;
  for (const std::uint32_t depth : b.depths)
    most = std::max(most, ++of[run.terms.sharding.shard_of(static_cast<int>(b.context + depth))]);
  return most;
}

// Nobody recorded the nodes: what the steps take beyond the network and the client, shared among the jobs
// that follow each other.
void infer_nodes(CascadeModel& model, const std::vector<const ShardedRun*>& runs) {
  model.inferred = true;
  std::vector<Sample> samples;
  for (const ShardedRun* run : runs) {
    const auto trails = model.predict(*run);
    for (std::size_t i = 0; i < run->steps.size(); ++i) {
      const ShardedStep& step = run->steps[i];
      if (step.prefill) continue;
      const int layers = run->widths.layers;
      const double jobs = 2 * layers + 1 + (run->terms.sharding.aggregator ? layers : 0);
      const double left_s = step.total_s - trails[i].total_s();
      samples.push_back({most_rows_of(*run, step), 0, std::max(0.0, left_s / jobs)});
    }
  }
  // Of each number of rows the median: a step that a timeout reached, or did not, says nothing of work.
  std::map<double, std::vector<double>> by_rows;
  for (const Sample& s : samples) by_rows[s.rows].push_back(s.seconds);
  WorkTable table;
  for (const auto& [rows, all] : by_rows) table.by_rows[rows] = engine::median(all);
  for (WorkTable& node : model.node) node = table;
}

bool by_chance(const Condition& c) {
  return c.loss > 0 || c.jitter_s > 0 || c.details.up().bursts.to_bad > 0 ||
         c.details.down().bursts.to_bad > 0;
}

// What its steps look like, over which link most of them went.
void describe(CascadeModel& model, const std::vector<const ShardedRun*>& runs) {
  std::map<std::pair<std::string, std::uint32_t>, ShardShape> shapes;
  std::map<Condition, std::size_t> links;
  double prompts = 0, prompt_rows = 0;
  for (const ShardedRun* run : runs)
    for (const ShardedStep& step : run->steps) {
      if (step.prefill) {
        ++prompts, prompt_rows += step.rows;
        continue;
      }
      ++links[run->condition];
      const auto& depths = step.batches.back().depths;
      ShardShape& shape = shapes[{run->drafter, step.rows}];
      shape.drafter = run->drafter;
      shape.rows = std::max<std::uint32_t>(1, step.rows);
      shape.levels = std::max(shape.levels, std::ranges::max(depths) + 1);
      shape.tokens_per_step += (step.accepted - shape.tokens_per_step) / static_cast<double>(++shape.steps);
    }
  for (const auto& [_, shape] : shapes) model.shapes.push_back(shape);
  if (prompts > 0) model.prompt_rows = static_cast<std::uint32_t>(std::max(1.0, prompt_rows / prompts));
  const auto most = std::ranges::max_element(links, {}, [](auto& link) { return link.second; });
  if (most != links.end()) model.usual = most->first;
}

void widen(Range& range, double value, bool first) {
  range = first ? Range{value, value} : Range{std::min(range.low, value), std::max(range.high, value)};
}

}  // namespace

double WorkTable::at(double rows, double keys) const {
  if (by_rows.empty()) return per_key_s * keys;
  double base = 0;
  const auto above = by_rows.lower_bound(rows);
  if (above == by_rows.begin()) {
    base = above->second;
  } else if (above == by_rows.end()) {  // as the last two go on, or in proportion
    const auto last = std::prev(above);
    const auto before = last == by_rows.begin() ? last : std::prev(last);
    const double slope = last == before ? 0 : (last->second - before->second) / (last->first - before->first);
    base = last->second + std::max(0.0, slope) * (rows - last->first);
  } else {
    const auto below = std::prev(above);
    const double part = (rows - below->first) / (above->first - below->first);
    base = below->second + part * (above->second - below->second);
  }
  return base + per_key_s * keys;
}

std::vector<ShardTrail> CascadeModel::predict(const ShardedRun& run) const {
  const bool chance = by_chance(run.condition) || by_chance(run.inner);
  const bool varied = std::ranges::any_of(spread, [](auto& s) { return !s.empty(); });
  const std::size_t worlds = chance || varied ? 4 : 1;
  std::vector<ShardTrail> mean(run.steps.size());
  for (std::size_t world = 0; world < worlds; ++world) {
    const std::uint64_t seed = 1 + run.run * worlds + world;
    std::mt19937_64 random(seed);
    ShardPaths paths(run.terms.sharding, run.condition, run.inner, initial_window, chance ? seed : 0);
    engine::ShardSession session(run.terms, run.widths, run.wire);
    const auto cost = [&](const ShardJob& job) {
      const auto kind = static_cast<std::size_t>(kind_of(job, run.terms.sharding, run.widths.layers));
      const double keys = job.rows * (session.context() + 1.0) / run.terms.sharding.alpha;
      const double typical = node[kind].at(job.rows, keys_of(static_cast<NodeWork>(kind), keys));
      const auto& ratios = spread[kind];
      if (ratios.empty()) return typical;
      return typical * ratios[static_cast<std::size_t>(uniform(random) * static_cast<double>(ratios.size()))];
    };
    paths.greet(session.greet(greeting_bytes));
    for (std::size_t i = 0; i < run.steps.size(); ++i) {
      const ShardedStep& step = run.steps[i];
      const double draft_s = step.prefill ? 0 : draft.at(step.rows);
      paths.rest(step.pause_s + draft_s);
      std::vector<ShardTrip> trips;
      for (const ShardedBatch& b : step.batches) {
        const auto rows = static_cast<double>(b.depths.size());
        trips.push_back({session.add(i + 1, b.depths, b.chain), lead.at(rows), tail.at(rows)});
        session.commit(step.prefill ? static_cast<std::uint32_t>(b.depths.size()) : step.accepted);
      }
      ShardTrail trail = paths.follow(std::move(trips), cost);
      trail.client_s += draft_s + (step.prefill ? 0 : overhead_s);
      mean[i].add(trail, 1 / static_cast<double>(worlds));
    }
  }
  return mean;
}

double mean_step_s(const ShardedRun& run) {
  double sum = 0, steps = 0;
  for (const ShardedStep& step : run.steps)
    if (!step.prefill) sum += step.total_s, ++steps;
  return steps > 0 ? sum / steps : NAN;
}

double mean_step_s(const ShardedRun& run, const std::vector<ShardTrail>& trails) {
  double sum = 0, steps = 0;
  for (std::size_t i = 0; i < run.steps.size(); ++i)
    if (!run.steps[i].prefill) sum += trails[i].total_s(), ++steps;
  return steps > 0 ? sum / steps : NAN;
}

CascadeModel fit_cascade(const std::vector<const ShardedRun*>& runs) {
  CascadeModel model;
  std::vector<Sample> node[node_works], lead, tail, draft;
  for (const ShardedRun* run : runs) {
    for (const NodeJob& job : run->jobs)
      node[static_cast<std::size_t>(job.kind)].push_back(
          {job.rows, keys_of(job.kind, job.keys), job.seconds});
    for (const ShardedStep& step : run->steps) {
      for (const ShardedBatch& b : step.batches) {
        const auto rows = static_cast<double>(b.depths.size());
        lead.push_back({rows, 0, b.lead_s});
        tail.push_back({rows, 0, b.tail_s});
      }
      if (step.prefill) continue;
      draft.push_back({static_cast<double>(step.rows), 0, step.draft_s});
      const bool first = model.steps++ == 0;
      widen(model.rtt_s, run->condition.rtt_s, first);
      widen(model.up_bps, run->condition.up_bps, first);
      widen(model.down_bps, run->condition.down_bps, first);
      widen(model.rows, step.rows, first);
    }
    ++model.runs;
    model.alphas.insert(run->terms.sharding.alpha);
    model.clusters.insert(run->terms.sharding.cluster);
  }
  if (model.steps == 0)
    throw engine::Error("the traces hold no decode step of sharded tokens: nothing to fit");
  describe(model, runs);
  model.lead = table_of(lead);
  model.tail = table_of(tail);
  model.draft = table_of(draft);
  bool recorded = false;
  for (std::size_t kind = 0; kind < node_works; ++kind) {
    model.node[kind] = table_of(node[kind]);
    model.spread[kind] = spread_of(model.node[kind], node[kind]);
    recorded = recorded || !node[kind].empty();
  }
  if (!recorded) infer_nodes(model, runs);
  return model;
}

CascadeModel fit_cascade(const std::vector<engine::Run>& runs, const std::vector<ShardedRun>& sharded) {
  std::vector<const ShardedRun*> all;
  all.reserve(sharded.size());
  for (const ShardedRun& run : sharded) all.push_back(&run);
  for (const engine::Run& run : runs)
    if (!is_sharded(run.header))
      throw engine::Error("run {}: its tokens are not sharded as those of others are: fit a model for each",
                          run.header.run);
  CascadeModel model = fit_cascade(all);
  for (std::size_t i = 1; i < runs.size(); ++i) expect_one_system(runs, 0, i);
  model.source = source_of(runs[0].header);
  return model;
}

}  // namespace splitwan::model
