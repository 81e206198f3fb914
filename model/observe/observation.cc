#include "model/observe/observation.hh"

#include <unordered_map>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"

namespace splitwan::model {
namespace {

using engine::Nanos;
using engine::Op;
using engine::Phase;
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
  o.condition = condition_of(h.network);
  if (h.drafter.empty()) throw engine::Error("{}: the header names no drafter", where);
  o.drafter = h.drafter;
  if (h.prompt) o.prompt = h.prompt->name, o.prompt_class = h.prompt->kind;
  return o;
}

void add(Observation& o, const Span& span, Nanos& sent, Nanos& arrived) {
  const double took = seconds(span.end - span.begin);
  if (span.bytes > most_bytes)
    throw engine::Error("run {}: step {}: a message of {} bytes: expected {} at most", o.run, span.step,
                        span.bytes, most_bytes);
  if (span.op == Op::recv) o.retransmits += span.retransmits;
  if (span.party != client) {
    if (span.op == Op::recv) o.flights_up = span.flights;
    return;
  }
  switch (span.op) {
    case Op::work:
      o.client_s += took;
      if (o.bytes_up == 0) o.lead_s += took;
      if (span.phase == Phase::draft || span.phase == Phase::verify) o.draft_s += took;
      break;
    case Op::send:
      o.bytes_up += static_cast<double>(span.bytes);
      sent = span.begin;
      break;
    case Op::recv:
      o.bytes_down += static_cast<double>(span.bytes);
      o.flights_down = span.flights;
      o.server_s = seconds(span.held);  // of a prompt's chunks the last reply is the one that is waited for
      arrived = span.arrived;
      o.tcp = span.tcp;
      ++o.round_trips;
      break;
  }
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
  Nanos sent{}, arrived{};
  for (const Span* span : spans) add(o, *span, sent, arrived);
  if (o.crossed()) o.network_s = seconds(arrived - sent) - o.server_s;
  o.overhead_s = o.total_s - o.client_s - o.network_s - o.server_s;
  return o;
}

}  // namespace

std::vector<Observation> observe(const std::vector<Run>& runs) {
  std::vector<Observation> observations;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Observation common = start(runs[i], i);
    std::unordered_map<std::uint64_t, std::vector<const Span*>> by_step;
    for (const Span& span : runs[i].spans) by_step[span.step].push_back(&span);
    for (const Step& step : runs[i].steps)
      observations.push_back(observe_step(common, step, by_step[step.step]));
  }
  return observations;
}

}  // namespace splitwan::model
