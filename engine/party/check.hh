// A spot check of what a server computed: what a trace keeps of it.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct Check {
  std::uint64_t step = 0;  // after which
  PartyId peer = 0;
  Nanos begin{}, end{};          // as of spans
  std::uint32_t rows = 0;        // the committed ones, all of which it is about
  std::vector<int> layers = {};  // drawn, by the model's number
  std::uint64_t bytes_up = 0, bytes_down = 0;
  std::string failure = {};  // empty: passed
  bool operator==(const Check&) const = default;
};

// A trace's line, but for its type and run. Throws Error naming the key.
Json to_json(const Check&);
Check check_of(const Json& line);

// {made, passed, bytes_up, bytes_down, time_s}
Json checks_summary(const std::vector<Check>&);

}  // namespace splitwan::engine
