// The record of a run, as JSON lines a person can read: one `run` line (run_header.hh), then
// a `span` line per thing a party did, a `step` line per forward pass, a `check` line per spot check, and an
// `end` line. Instants are
// nanoseconds since the run began, on the stamping party's own clock.
#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/base/json.hh"
#include "engine/party/check.hh"
#include "engine/party/outage.hh"
#include "engine/party/phase.hh"
#include "engine/party/run_header.hh"
#include "engine/party/tcp_sample.hh"

namespace splitwan::engine {

enum class Op : std::uint8_t { work, send, recv };

struct Span {
  std::uint64_t step = 0;
  PartyId party = 0;
  Op op = Op::work;
  Phase phase = Phase::head;  // work only
  PartyId peer = 0;           // send, recv only
  Nanos begin{}, end{};
  Nanos arrived{};          // recv: when the last byte came; the party may have been busy then
  Nanos held{};             // recv of a reply: how long the server held the request
  std::uint64_t bytes = 0;  // send, recv: on the wire, header included
  std::uint32_t rows = 0;
  std::uint32_t context = 0;      // committed tokens before the step
  std::uint32_t flights = 0;      // recv: TCP flights the message took, 0 = not known
  std::uint32_t cwnd = 0;         // recv: the sender's congestion window in bytes then, 0 = not known
  std::uint32_t retransmits = 0;  // recv: segments sent again on this way since the message before
  TcpSample tcp = {};             // recv
  bool operator==(const Span&) const = default;
};

// One forward pass. Step 1 is the prompt (all its chunks), the others decode.
struct Step {
  std::uint64_t step = 0;
  bool prefill = false;
  Nanos begin{}, end{};
  std::uint32_t rows = 0, context = 0;
  std::uint32_t sent = 0;      // rows on the network where dummies were among them, else 0
  std::uint32_t drafted = 0;   // guesses that were verified
  std::uint32_t accepted = 0;  // tokens gained: 1 + guesses that held
  std::string reason = {};     // why the drafter guessed so, where it had a choice
  bool operator==(const Step&) const = default;
};

class Recorder {
 public:
  virtual ~Recorder() = default;
  virtual void span(const Span&) = 0;
  virtual void step(const Step&) = 0;
  virtual void outage(const Outage&) {}
  virtual void check(const Check&) {}
};

// `end` keys: output_ids, and totals that readers may not rely on.
struct Run {
  RunHeader header;
  std::vector<Span> spans;
  std::vector<Step> steps;
  std::vector<Outage> outages = {};
  std::vector<Check> checks = {};
  Json end;
  std::string file = {};  // that it was read from
};

void write(std::ostream&, const Run&);
std::string line_of(const Span&, std::uint64_t run);
std::string line_of(const Step&, std::uint64_t run);
std::string line_of(const Check&, std::uint64_t run);
std::string line_of(const Outage&, std::uint64_t run);
// What a file begins with that trace_writer.hh is still writing, or did not end.
constexpr std::string_view partial_trace_line = "{\"type\":\"partial\"}\n";

// Streams runs in file order. Throws Error naming `name` and the line on anything malformed or truncated, and
// on another schema version. With `cut_off`: of a file that was not ended the runs that were, and the steps
// that were of the last one; `cut_off` then says so, where there is such a run.
std::vector<Run> read_trace(std::istream&, const std::string& name, std::string* cut_off = nullptr);
std::vector<Run> read_trace_file(const std::string& path, std::string* cut_off = nullptr);

// Keeps what it is told, in order.
class MemoryRecorder : public Recorder {
 public:
  void span(const Span& s) override { run.spans.push_back(s); }
  void step(const Step& s) override { run.steps.push_back(s); }
  void outage(const Outage& o) override { run.outages.push_back(o); }
  void check(const Check& c) override { run.checks.push_back(c); }
  Run run;
};

}  // namespace splitwan::engine
