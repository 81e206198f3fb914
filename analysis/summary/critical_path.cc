#include "analysis/summary/critical_path.hh"

#include <algorithm>
#include <utility>

namespace splitwan::analysis {

using engine::Nanos;
using engine::Op;
using engine::PartyId;
using engine::seconds;
using engine::Span;

void CriticalPath::add(const CriticalPath& other) {
  for (const auto& [role, s] : other.work_s) work_s[role] += s;
  network_s += other.network_s;
  idle_s += other.idle_s;
  hops += other.hops;
}

// Messages of one way arrive in their order.
PathFinder::PathFinder(const engine::Run& run, const engine::Sharding& sharding) : sharding_(sharding) {
  std::map<std::pair<PartyId, PartyId>, std::vector<const Span*>> sends;
  for (const Span& span : run.spans) {
    parties_[span.party].spans.push_back(&span);
    if (span.op == Op::send) sends[{span.party, span.peer}].push_back(&span);
  }
  std::map<std::pair<PartyId, PartyId>, std::size_t> received;
  for (auto& [party, seen] : parties_) {
    for (const Span* span : seen.spans) {
      seen.from.push_back(nullptr);
      if (span->op != Op::recv) continue;
      const auto& way = sends[{span->peer, party}];
      const std::size_t number = received[{span->peer, party}]++;
      if (number < way.size()) seen.from.back() = way[number];
    }
  }
}

CriticalPath PathFinder::of(const engine::Step& step) const {
  CriticalPath path;
  PartyId party = 0;
  Nanos t = step.end;
  while (t > step.begin) {
    const Seen& seen = parties_.at(party);
    // What it last did before t, of that what takes time or was waited for.
    auto next = std::upper_bound(seen.spans.begin(), seen.spans.end(), t,
                                 [](Nanos at, const Span* span) { return at < span->end; });
    bool moved = false;
    while (next != seen.spans.begin() && !moved) {
      const Span& span = **--next;
      const Span* from = seen.from[static_cast<std::size_t>(next - seen.spans.begin())];
      const Nanos before = next == seen.spans.begin() ? Nanos::min() : (*std::prev(next))->end;
      if (span.op == Op::send || (span.op == Op::work && span.begin == span.end)) continue;
      if (span.op == Op::recv && (span.arrived <= before || !from)) continue;  // it was there already
      const Nanos done = span.op == Op::work ? span.end : span.arrived;
      path.idle_s += seconds(t - std::max(done, step.begin));
      if (done <= step.begin) return path;
      if (span.op == Op::work) {
        t = std::max(span.begin, step.begin);
        path.work_s[sharding_.party(party).role] += seconds(done - t);
      } else {
        t = std::max(from->begin, step.begin);
        path.network_s += seconds(done - t);
        ++path.hops;
        party = span.peer;
      }
      moved = true;
    }
    if (moved) continue;
    path.idle_s += seconds(t - step.begin);
    break;
  }
  return path;
}

}  // namespace splitwan::analysis
