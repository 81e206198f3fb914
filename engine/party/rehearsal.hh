// A drafter tried on the text that a run made with another: the text is the same with every drafter, so what
// it would have gained is exact. Kept in a trace's `end` line, under "rehearsed".
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::engine {

struct Rehearsal {
  std::string drafter;
  std::vector<std::uint32_t> rows, accepted;  // of each decode step
  std::uint64_t listed = 0;                   // rows of all requests whose parent is stated: not of chains
  Nanos draft{};                              // the client's work of guessing, all steps
};

Json to_json(const Rehearsal&);
// What `end` holds; nothing where a trace is from before there were any. Throws Error naming `where` and the
// key.
std::vector<Rehearsal> rehearsals_of(const Json& end, const std::string& where);

}  // namespace splitwan::engine
