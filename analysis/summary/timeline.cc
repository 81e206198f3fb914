#include "analysis/summary/timeline.hh"

#include <deque>
#include <map>
#include <set>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"
#include "model/observe/observation.hh"

namespace splitwan::analysis {
namespace {

using engine::Json;
using engine::Nanos;
using engine::Op;
using engine::PartyId;
using engine::Run;
using engine::Span;

constexpr int step_track = 1000;  // beside the parties' own tracks

double us(Nanos t) { return static_cast<double>(t.count()) / 1e3; }

std::string party_name(PartyId party) {
  using namespace engine::roles;
  return party == client ? "client" : party == server ? "server" : fmt::format("party {}", party);
}

class Writer {
 public:
  Writer(const Run& run, int index, Json& events) : run_(run), index_(index), events_(events) {}

  void write() {
    name("process_name", 0, title());
    name("thread_name", step_track, "steps");
    std::set<PartyId> parties;
    for (const Span& span : run_.spans) parties.insert(span.party);
    for (const PartyId party : parties) name("thread_name", static_cast<int>(party), party_name(party));
    for (const auto& step : run_.steps) {
      Json& e =
          add("X", step.prefill ? "prefill" : fmt::format("step {}", step.step), step.begin, step_track);
      e["dur"] = us(step.end - step.begin);
      e["args"] = {{"rows", step.rows},
                   {"context", step.context},
                   {"drafted", step.drafted},
                   {"accepted", step.accepted}};
    }
    for (const Span& span : run_.spans) {  // all before any arrival: a receiver may have waited since before
      if (span.op == Op::send) flying_[{span.party, span.peer}].push_back(span);
    }
    for (const Span& span : run_.spans) write(span);
  }

 private:
  std::string title() const {
    const engine::RunHeader& h = run_.header;
    std::string text = h.drafter.empty() ? "run" : h.drafter;
    if (h.prompt) text += " " + h.prompt->name;
    if (!h.network.kind.empty()) text += ", " + label(model::condition_of(h.network));
    return text;
  }

  Json& add(const char* kind, const std::string& what, Nanos at, int track) {
    return events_.emplace_back(
        Json{{"ph", kind}, {"name", what}, {"ts", us(at)}, {"pid", index_}, {"tid", track}});
  }
  void name(const char* what, int track, const std::string& text) {
    add("M", what, {}, track)["args"] = {{"name", text}};
  }

  void write(const Span& span) {
    const int track = static_cast<int>(span.party);
    if (span.op == Op::work) {
      Json& e = add("X", std::string(name_of(span.phase)), span.begin, track);
      e["dur"] = us(span.end - span.begin);
      e["args"] = {{"step", span.step}, {"rows", span.rows}, {"context", span.context}};
    } else if (span.op == Op::recv) {
      land(span);
    }
  }

  // A message is the oldest that flies this way: TCP keeps order.
  void land(const Span& span) {
    auto& flying = flying_[{span.peer, span.party}];
    if (flying.empty()) return;  // sent by a party whose spans are not here
    const Span sent = flying.front();
    flying.pop_front();
    const std::string way = party_name(span.peer) + " to " + party_name(span.party);
    const std::string id = fmt::format("{}.{}", index_, messages_++);
    for (const bool begin : {true, false}) {
      Json& e = add(begin ? "b" : "e", way, begin ? sent.begin : span.arrived, static_cast<int>(span.peer));
      e["cat"] = "network";
      e["id"] = id;
      if (begin)
        e["args"] = {{"bytes", span.bytes}, {"flights", span.flights}, {"cwnd_bytes", span.cwnd},
                     {"rows", span.rows},   {"step", span.step},       {"retransmits", span.retransmits}};
      Json& arrow = add(begin ? "s" : "f", "message", begin ? sent.begin : span.end,
                        static_cast<int>(begin ? span.peer : span.party));
      arrow["cat"] = "message";
      arrow["id"] = id;
      if (!begin) arrow["bp"] = "e";
    }
    if (span.cwnd > 0)
      add("C", "cwnd " + way, span.arrived, static_cast<int>(span.peer))["args"] = {{"bytes", span.cwnd}};
  }

  const Run& run_;
  int index_;
  Json& events_;
  std::map<std::pair<PartyId, PartyId>, std::deque<Span>> flying_;
  int messages_ = 0;
};

}  // namespace

Json timeline(const std::vector<Run>& runs) {
  Json events = Json::array();
  for (std::size_t i = 0; i < runs.size(); ++i) Writer(runs[i], static_cast<int>(i), events).write();
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ms"}};
}

}  // namespace splitwan::analysis
