// Where two records of the same cell part, and what that costs.
#pragma once

#include <optional>

#include "analysis/gate/record.hh"

namespace splitwan::analysis {

// The first step, in order of runs, that is not as it was. `what` is what differs in it, the earlier in the
// list the likelier a cause of the rest:
//   text      other tokens came out
//   rows      another number of rows or guesses
//   accepted  as many rows, another number of tokens gained
//   messages  more or fewer messages
//   bytes     as many messages, of other sizes
//   resent    segments sent again
//   window    congestion windows, and with them flights
//   work      what was computed took another time
//   waiting   all of this as before, but it came at another time
//   steps     there is no such step any more, or it is new
struct Difference {
  std::size_t run = 0;  // of the cell
  std::string prompt;
  std::uint64_t step = 0;
  std::string what, reason;  // reason: one line, with the step
  Json before, now;          // the figures that differ
};
// Both grouped. Runs of unequal number or prompts: what = "steps".
std::optional<Difference> first_difference(const CellRecord& before, const CellRecord& now);

// Sums over all runs of a cell.
struct Totals {
  double seconds = 0, steps = 0, tokens = 0, rows = 0, messages = 0, bytes = 0, flights = 0, resent = 0;
  double client_s = 0;        // work of party 0
  double others_s = 0;        // work of all others
  double client_waits_s = 0;  // of the steps, what the client's own work does not fill
};
Totals totals_of(const CellRecord&);
Json to_json(const Totals&);

// "costs 2.24 s of 5.60 s (+40 %): 28 messages, 1,792 bytes more; waits 2.24 s longer", with what settings
// differ.
std::string cost_of(const Totals& before, const Totals& now);
// Settings that are not as they were, as words: "tcp.initial_window 10 -> 2". Empty: none.
std::vector<std::string> settings_changed(const Json& before, const Json& now);

}  // namespace splitwan::analysis
