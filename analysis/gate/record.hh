// What a gate keeps of a run: every step, what was sent for it, when it came, what was computed. Virtual
// time: exact.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/party/trace.hh"

namespace splitwan::analysis {

using engine::Json;
using engine::Nanos;

// One message; or `count` of the same kind in a step (grouped()): then `sent` is of the first, `arrived` of
// the last. Instants are counted from the step's begin.
struct MessageRecord {
  engine::PartyId from = 0, to = 0;
  std::uint64_t bytes = 0;  // header included
  std::uint32_t rows = 0, flights = 0, cwnd = 0, retransmits = 0;
  Nanos sent{}, arrived{};
  std::uint32_t count = 1, mark = 0;  // mark: of several, a hash of each one's instants
  bool operator==(const MessageRecord&) const = default;
};

struct WorkRecord {
  engine::PartyId party = 0;
  engine::Phase phase = engine::Phase::head;
  std::uint32_t rows = 0;
  Nanos took{};                       // of `count` jobs of the same kind, the sum
  std::uint32_t count = 1, mark = 0;  // mark: of several, a hash of how long each took
  bool operator==(const WorkRecord&) const = default;
};

struct StepRecord {
  std::uint64_t step = 0;  // 0: greetings; farewells stand behind the last
  bool prefill = false;
  std::uint32_t rows = 0, drafted = 0, accepted = 0;
  Nanos begin{}, took{};                // begin: since the run's
  std::vector<MessageRecord> messages;  // in order of sending
  std::vector<WorkRecord> work;         // in order
  bool operator==(const StepRecord&) const = default;
  bool is_session() const {
    return rows == 0 && took == Nanos(0);
  }  // greetings, farewells: no step of the model
};

struct RunRecord {
  std::string prompt, drafter;
  std::uint64_t seed = 0;
  Nanos total{};
  std::vector<std::int32_t> output;
  std::vector<StepRecord> steps;
  bool operator==(const RunRecord&) const = default;
};

// One link and drafter of a scenario: its runs, and its metrics by name (metrics.hh).
struct CellRecord {
  std::string name;  // "80 ms, 100 Mbit/s, ngram"
  std::map<std::string, double> metrics;
  std::vector<RunRecord> runs;
};

// `settings` are what the simulator read back of TCP and its links: what may explain a difference.
struct ScenarioRecord {
  std::string name;
  Json fingerprint;  // key -> text, in order (fingerprint.hh)
  Json settings;
  std::vector<CellRecord> cells;
};

}  // namespace splitwan::analysis
