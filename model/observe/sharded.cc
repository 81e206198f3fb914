#include "model/observe/sharded.hh"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"

namespace splitwan::model {
namespace {

using engine::Error;
using engine::Op;
using engine::Phase;
using engine::Run;
using engine::seconds;
using engine::Sharding;
using engine::Span;
using engine::Step;
using RowsOf = std::map<int, std::uint32_t>;  // shard: rows

bool is_chain_of(const Sharding& s, std::uint32_t context, std::uint32_t rows, const RowsOf& of) {
  RowsOf found;
  for (std::uint32_t i = 0; i < rows; ++i) ++found[s.shard_of(static_cast<int>(context + i))];
  return found == of;
}

// As few positions as have an owner for every row.
std::vector<std::uint32_t> spread(const Sharding& s, std::uint32_t context, const RowsOf& of) {
  std::vector<std::uint32_t> depths;
  std::map<int, std::vector<std::uint32_t>> levels;
  std::set<int> missing;
  for (const auto& [shard, rows] : of) missing.insert(shard);
  for (std::uint32_t depth = 0; !missing.empty(); ++depth) {
    const int shard = s.shard_of(static_cast<int>(context + depth));
    levels[shard].push_back(depth);
    missing.erase(shard);
  }
  for (const auto& [shard, rows] : of)
    for (std::uint32_t i = 0; i < rows; ++i) depths.push_back(levels[shard][i % levels[shard].size()]);
  return depths;
}

// The client's spans of one step, in order.
class StepReader {
 public:
  StepReader(const Sharding& s, ShardedStep& step) : sharding_(s), step_(step) {}

  void see(const Span& span) {
    switch (span.op) {
      case Op::work: {
        const double took = seconds(span.end - span.begin);
        if (span.phase == Phase::draft || span.phase == Phase::verify)
          step_.draft_s += took;
        else if (replies_ == 0)
          lead_s_ += took;
        else
          step_.batches[answered()].tail_s += took;
        break;
      }
      case Op::send:
        if (span.rows == 0) break;  // a greeting
        if (dealt_.empty() || step_.batches.back().context != span.context ||
            dealt_.back().count(shard(span))) {
          step_.batches.push_back({.context = span.context, .lead_s = std::exchange(lead_s_, 0)});
          dealt_.emplace_back();
          first_bytes_.push_back(span.bytes);
        }
        dealt_.back()[shard(span)] += span.rows;
        break;
      case Op::recv:
        if (span.rows > 0) ++replies_;
        break;
    }
  }

  // `session`: of the steps before.
  void end(engine::ShardSession& session) {
    for (std::size_t i = 0; i < dealt_.size(); ++i) {
      ShardedBatch& batch = step_.batches[i];
      std::uint32_t rows = 0;
      for (const auto& [_, n] : dealt_[i]) rows += n;
      const auto chain = engine::chain_depths(rows), tree = spread(sharding_, batch.context, dealt_[i]);
      // A tree may give each shard as many rows as a chain does: then its messages are longer, by the
      // parents.
      const auto bytes = [&, before = session](const std::vector<std::uint32_t>& depths, bool as_chain) {
        engine::ShardSession trial = before;
        return trial.add(1, depths, as_chain).messages[0].bytes();
      };
      const bool may = is_chain_of(sharding_, batch.context, rows, dealt_[i]);
      batch.chain = may && (rows == 1 || bytes(chain, true) == first_bytes_[i] ||
                            bytes(tree, false) != first_bytes_[i]);
      batch.depths = batch.chain ? chain : tree;
      session.add(1, batch.depths, batch.chain);
      session.commit(step_.prefill ? rows : step_.accepted);
    }
  }

 private:
  int shard(const Span& span) const { return sharding_.party(span.peer).queries; }
  // The batch whose replies came last.
  std::size_t answered() const {
    std::size_t batch = 0, replies = 0;
    while (batch + 1 < dealt_.size() && (replies += dealt_[batch].size()) < replies_) ++batch;
    return batch;
  }

  const Sharding& sharding_;
  ShardedStep& step_;
  std::vector<RowsOf> dealt_;
  std::vector<std::uint64_t> first_bytes_;  // of each batch's first request
  std::size_t replies_ = 0;
  double lead_s_ = 0;
};

PairConditions links_of(const engine::StatedNetwork& network, const std::string& where) {
  if (network.edges.empty())
    throw Error("{}: sharded tokens over links that nobody stated: the model needs them", where);
  PairConditions found = conditions_of_pairs(network);
  for (const Condition* c : {&found.outer, &found.inner})
    if (!c->unfit.empty())
      throw Error("{}: sharded tokens: the model has no term for {}", where, c->unfit.front());
  return found;
}

void read_nodes(ShardedRun& found, const Run& run) {
  const Sharding& s = found.terms.sharding;
  const int layers = found.widths.layers;
  std::map<engine::PartyId, std::uint32_t> done;  // a CompNode's jobs
  for (const Span& span : run.spans) {
    if (span.party == engine::roles::client || span.op != Op::work) continue;
    const engine::ShardRole role = s.party(span.party).role;
    engine::ShardJob job{span.party, span.phase};
    if (role == engine::ShardRole::comp)
      job.layer = done[span.party]++ % static_cast<std::uint32_t>(layers + 1);
    found.jobs.push_back({kind_of(job, s, layers), static_cast<double>(span.rows),
                          span.rows * (span.context + 1.0) / s.alpha, seconds(span.end - span.begin)});
  }
}

ShardedRun read_run(const Run& run, std::size_t index) {
  const std::string where = fmt::format("run {}", index);
  const engine::RunHeader& h = run.header;
  if (!h.plan || h.wire.empty() || !h.geometry.is_object())
    throw Error("{}: sharded tokens: the header states no plan, wire or geometry", where);
  ShardedRun found{index, engine::shard_terms_of(h.cascade, where + ": cascade"), {}, h.wire, h.drafter};
  found.widths = engine::shard_widths_of(h.geometry, {h.plan->head, h.plan->head + h.plan->middle},
                                         where + ": geometry");
  const PairConditions links = links_of(h.network, where);
  found.condition = links.outer;
  found.inner = links.inner;
  std::map<std::uint64_t, std::vector<const Span*>> client;
  for (const Span& span : run.spans)
    if (span.party == engine::roles::client) client[span.step].push_back(&span);
  engine::ShardSession session(found.terms, found.widths, found.wire);
  const Step* before = nullptr;
  for (const Step& step : run.steps) {
    ShardedStep& s = found.steps.emplace_back(
        ShardedStep{step.prefill, step.rows, step.accepted, seconds(step.end - step.begin)});
    if (before) s.pause_s = std::max(0.0, seconds(step.begin - before->end));
    before = &step;
    StepReader reader(found.terms.sharding, s);
    for (const Span* span : client[step.step]) reader.see(*span);
    reader.end(session);
    if (s.batches.empty()) throw Error("{}: step {} sent no rows", where, step.step);
  }
  read_nodes(found, run);
  return found;
}

}  // namespace

NodeWork kind_of(const engine::ShardJob& job, const Sharding& s, int layers) {
  switch (s.party(job.party).role) {
    case engine::ShardRole::attn:
      return NodeWork::attend;
    case engine::ShardRole::merge:
      return NodeWork::merge;
    default:
      break;
  }
  if (job.layer == 0) return NodeWork::first;
  return static_cast<int>(job.layer) == layers ? NodeWork::last : NodeWork::inner;
}

bool is_sharded(const engine::RunHeader& h) { return h.cascade.is_object(); }

std::vector<ShardedRun> observe_sharded(const std::vector<Run>& runs) {
  std::vector<ShardedRun> found;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (is_sharded(runs[i].header)) found.push_back(read_run(runs[i], i));
  return found;
}

}  // namespace splitwan::model
