#include "model/observe/observation.hh"

#include <algorithm>
#include <unordered_map>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"
#include "engine/party/shard_terms.hh"
#include "engine/party/step_parts.hh"

namespace splitwan::model {
namespace {

using engine::Op;
using engine::Run;
using engine::seconds;
using engine::Span;
using engine::Step;

using engine::roles::client;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 36;

// What is the same for every step of a run.
Observation start(const Run& run, std::size_t index) {
  const std::string where = fmt::format("run {}", index);
  Observation o;
  o.run = index;
  const engine::RunHeader& h = run.header;
  if (h.network.kind.empty()) throw engine::Error("{}: the header names no network", where);
  o.condition = h.cascade.is_object() ? condition_of_pairs(h.network) : condition_of(h.network);
  if (h.cascade.is_object()) {
    const engine::ShardTerms t = engine::shard_terms_of(h.cascade, where + ": cascade");
    o.condition.unfit.push_back(
        fmt::format("tokens in {} shards, clusters of {} ({} nodes, {}, merged at {})", t.sharding.alpha,
                    t.sharding.cluster, t.sharding.nodes(), name_of(t.form),
                    t.sharding.aggregator ? "an aggregator" : "CompNodes"));
  }
  if (h.privacy.is_object() && h.privacy.value("trust", Json()) == "as published")
    o.condition.unfit.push_back("the server generates by itself (DEL as published), a token after the other");
  if (h.drafter.empty()) throw engine::Error("{}: the header names no drafter", where);
  o.drafter = h.drafter;
  if (h.prompt) o.prompt = h.prompt->name, o.prompt_class = h.prompt->kind;
  return o;
}

void refuse_absurd(const Span& span, std::size_t run) {
  if (span.bytes > most_bytes)
    throw engine::Error("run {}: step {}: a message of {} bytes: expected {} at most", run, span.step,
                        span.bytes, most_bytes);
}

// A request behind another waits at the server: what that worked on it follows from the first one's size.
void share_held(std::vector<engine::Exchange>& all) {
  const double byte_s = all[0].held_s / std::max(1.0, all[0].bytes_up);
  for (engine::Exchange& e : all) e.held_s = std::min(e.held_s, byte_s * e.bytes_up);
}

Observation observe_step(Observation o, const Step& step, const std::vector<const Span*>& spans) {
  o.prefill = step.prefill;
  o.rows = step.sent > 0 ? step.sent : step.rows;
  o.context = step.context;
  o.drafted = step.drafted;
  o.accepted = step.accepted;
  o.total_s = seconds(step.end - step.begin);
  if (!(o.total_s >= 0)) throw engine::Error("run {}: step {} ends before it begins", o.run, step.step);
  if (!o.prefill && o.accepted == 0)
    throw engine::Error("run {}: step {} gained no token: expected 1 or more", o.run, step.step);
  engine::StepParts mine;
  for (const Span* span : spans) {
    refuse_absurd(*span, o.run);
    if (span->party == client) {
      mine.add(*span);
    } else if (span->op == Op::recv) {
      o.flights_up = span->flights;
      o.retransmits += span->retransmits;
    }
  }
  o.retransmits += mine.retransmits;
  o.client_s = mine.work_s;
  o.lead_s = mine.lead_s;
  o.draft_s = mine.draft_s + mine.verify_s;
  o.verify_s = mine.verify_s;
  o.bytes_up = mine.bytes_up;
  o.bytes_down = mine.bytes_down;
  o.flights_down = mine.flights;
  o.round_trips = mine.round_trips;
  o.exchanges = std::move(mine.exchanges);
  if (o.exchanges.size() > 1) share_held(o.exchanges);
  o.server_s = mine.held_s();
  o.tcp = mine.tcp;
  if (o.crossed()) o.network_s = mine.network_s();
  o.overhead_s = o.total_s - o.client_s - o.network_s - o.server_s;
  return o;
}

// What went over the connection in a spot check. `of_no_step`: the client's spans, in their order.
std::vector<engine::Exchange> exchanges_of(const engine::Check& check,
                                           const std::vector<const Span*>& of_no_step) {
  engine::StepParts parts;
  for (auto at = std::ranges::lower_bound(of_no_step, check.begin, {}, &Span::begin);
       at != of_no_step.end() && (*at)->end <= check.end; ++at)
    parts.add(**at);
  if (parts.exchanges.size() > 1) share_held(parts.exchanges);
  return std::move(parts.exchanges);
}

}  // namespace

std::vector<Observation> observe(const std::vector<Run>& runs) {
  std::vector<Observation> observations;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Observation common = start(runs[i], i);
    std::unordered_map<std::uint64_t, std::vector<const Span*>> by_step;
    for (const Span& span : runs[i].spans)
      if (span.step > 0 || span.party == client) by_step[span.step].push_back(&span);
    const Step* before = nullptr;
    auto check = runs[i].checks.begin();
    for (const Step& step : runs[i].steps) {
      Observation& o = observations.emplace_back(observe_step(common, step, by_step[step.step]));
      if (before) o.pause_s = seconds(step.begin - before->end);
      for (; check != runs[i].checks.end() && check->step < step.step; ++check) {
        o.pause_s -= seconds(check->end - check->begin);
        o.checked = exchanges_of(*check, by_step[0]);
      }
      o.pause_s = std::max(0.0, o.pause_s);
      o.lost = std::ranges::any_of(runs[i].outages, [&](const auto& lost) { return lost.begin < step.end; });
      before = &step;
    }
  }
  return observations;
}

}  // namespace splitwan::model
