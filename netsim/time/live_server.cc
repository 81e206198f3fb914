#include "netsim/time/live_server.hh"

#include <algorithm>
#include <map>

#include "engine/party/roles.hh"

namespace splitwan::netsim {
namespace {

using engine::Op;
using engine::Span;
using engine::roles::client;
using engine::roles::server;

Span turned(const Span& of, Op op) {
  Span span = of;
  span.party = server;
  span.peer = client;
  span.op = op;
  span.held = {};
  span.tcp = {};
  span.flights = span.cwnd = span.retransmits = 0;
  return span;
}

}  // namespace

engine::Run with_its_server(engine::Run run) {
  const auto is_servers = [](const Span& span) { return span.party == server; };
  if (std::any_of(run.spans.begin(), run.spans.end(), is_servers)) return run;
  std::map<std::uint64_t, std::vector<Span>> answers;  // by step, in order
  for (const Span& span : run.spans)
    if (span.op == Op::recv) answers[span.step].push_back(span);
  std::map<std::uint64_t, std::size_t> answered;
  std::vector<Span> theirs;
  for (const Span& span : run.spans) {
    if (span.op != Op::send) continue;
    theirs.push_back(turned(span, Op::recv));
    const std::vector<Span>& list = answers[span.step];
    const std::size_t at = answered[span.step]++;
    if (at >= list.size()) continue;  // a farewell
    const Span& answer = list[at];
    engine::Nanos held = answer.held;
    if (at > 0) held = std::min(held, answer.arrived - list[at - 1].arrived);
    if (span.rows > 0) {
      Span work = turned(span, Op::work);
      work.phase = engine::Phase::middle;
      work.bytes = 0;
      work.end = work.begin + held;
      theirs.push_back(work);
    }
    theirs.push_back(turned(answer, Op::send));
  }
  run.spans.insert(run.spans.end(), theirs.begin(), theirs.end());
  return run;
}

}  // namespace splitwan::netsim
