// A connection that was lost and came back: what a trace keeps of it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/error.hh"
#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct Outage {
  std::uint64_t step = 0;  // in which it was noticed
  PartyId peer = 0;
  // Like spans: when the loss was noticed, when the first answer to what was sent again had come.
  Nanos begin{}, end{};
  std::uint32_t attempts = 0;     // connections tried, the one that held included
  bool cold = false;              // the peer had lost the session: it was fed again
  std::uint32_t rows_fed = 0;     // then
  std::uint64_t bytes_again = 0;  // sent once more, those rows included
  std::string why = {};           // the connection was lost
  bool operator==(const Outage&) const = default;
};

// What a transport throws when it gives a connection up for lost: the trace has that outage too, its end the
// moment it gave up.
struct LostForGood : Error {
  LostForGood(const std::string& words, Outage o) : Error("{}", words), outage(std::move(o)) {}
  Outage outage;
};

// A trace's line, but for its type and run. Throws Error naming the key.
Json to_json(const Outage&);
Outage outage_of(const Json& line);

// {count, total_s, longest_s, cold, attempts, rows_fed, bytes_again}; null where there was none
Json outages_summary(const std::vector<Outage>&);

}  // namespace splitwan::engine
