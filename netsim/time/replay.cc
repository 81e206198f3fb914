#include "netsim/time/replay.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"
#include "engine/party/roles.hh"

namespace splitwan::netsim {
namespace {

using engine::Arrival;
using engine::Error;
using engine::Message;
using engine::Op;
using engine::Party;
using engine::Phase;
using engine::Span;
using engine::Step;
using engine::roles::client;
using engine::roles::server;

// A message of the span's length; its content is nobody's business.
Message blank(const Span& span) {
  Message m;
  m.header.step = span.step;
  m.header.rows = span.rows;
  m.header.context = span.context;
  m.payload.resize(span.bytes - std::min<std::uint64_t>(span.bytes, engine::prefix_size));
  return m;
}

class Player {
 public:
  Player(const Script& script, Party& party) : script_(script), party_(party) {
    for (const Span& span : script.spans) {
      ++left_[span.step];
      if (span.op == Op::send) peer_ = span.peer;
    }
    for (const Step& step : script.steps) steps_[step.step] = step;
  }

  void run() {
    const bool answers = !script_.spans.empty() && script_.spans[0].op == Op::recv;
    for (const Span& span : script_.spans) {
      const auto step = steps_.find(span.step);
      if (step != steps_.end() && begun_ != span.step) {
        begun_ = span.step;
        if (const auto rest = script_.rests.find(span.step); rest != script_.rests.end())
          party_.recv(peer_, rest->second);  // nobody sends: time passes
        step->second.begin = party_.now();
      }
      act(span, answers);
      if (--left_[span.step] > 0 || step == steps_.end()) continue;
      step->second.end = party_.now();
      party_.step_done(step->second);
    }
  }

 private:
  void act(const Span& span, bool answers) {
    switch (span.op) {
      case Op::work:
        party_.begin_step(span.step, span.context);
        party_.work({span.phase, span.rows}, [] { return 0; });
        break;
      case Op::send:
        if (answers && last_) {
          party_.reply(*last_, blank(span));
        } else {
          party_.send(span.peer, blank(span));
        }
        break;
      case Op::recv:
        last_ = party_.recv(span.peer);
        break;
    }
  }

  const Script& script_;
  Party& party_;
  std::map<std::uint64_t, std::size_t> left_;  // of a step: spans to come
  std::map<std::uint64_t, Step> steps_;
  std::uint64_t begun_ = 0;
  PartyId peer_ = 0;
  std::optional<Arrival> last_;
};

}  // namespace

Scripts scripts_of(const engine::Run& run) {
  Scripts scripts;
  for (const Span& span : run.spans) scripts[span.party].spans.push_back(span);
  scripts[client].steps = run.steps;
  if (run.steps.empty()) throw Error("the run has no steps: nothing to replay");
  for (const auto& [party, script] : scripts) {
    if (party != client && party != server)
      throw Error("party {}: only a client {} and a server {} can be replayed", party, client, server);
    const PartyId other = party == client ? server : client;
    std::size_t sent = 0, received = 0;
    for (const Span& span : script.spans) {
      if (span.op == Op::work) continue;
      if (span.peer != other) throw Error("party {}: a message with party {}", party, span.peer);
      sent += span.op == Op::send;
    }
    for (const Span& span : scripts[other].spans) received += span.op == Op::recv;
    if (received > sent) throw Error("party {} sent {} messages, {} arrived", party, sent, received);
  }
  return scripts;
}

void resize_rows(Scripts& scripts, std::uint64_t old_row_bytes, std::uint64_t new_row_bytes) {
  for (auto& [party, script] : scripts) {
    for (Span& span : script.spans) {
      if (span.op == Op::work) continue;
      if (span.bytes < span.rows * old_row_bytes)
        throw Error("step {}: {} bytes for {} rows of {}: the trace's wire type or width is another",
                    span.step, span.bytes, span.rows, old_row_bytes);
      span.bytes += span.rows * new_row_bytes - span.rows * old_row_bytes;
    }
  }
}

engine::PartyMain play(PartyId self, const Script& script, engine::Recorder& recorder) {
  return [self, &script, &recorder](engine::Transport& transport, engine::Clock& clock) {
    Party party(self, transport, clock, recorder);
    Player(script, party).run();
  };
}

}  // namespace splitwan::netsim
