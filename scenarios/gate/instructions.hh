// Instructions that a few tokens take: the same whatever else the machine does, so that small changes of code
// show.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "analysis/gate/verdict.hh"

namespace splitwan::scenarios {

using engine::Json;

enum class CountingTool : std::uint8_t { perf, callgrind };
std::string_view name_of(CountingTool);

struct Instructions {
  std::string tool;    // who counted
  std::string isa;     // instruction-set path that computed: valgrind 3.19 shows programs no AVX-512
  std::string sample;  // what was run: "ngram, 16 tokens"
  double per_token = 0;
  bool operator==(const Instructions&) const = default;
};

Json to_json(const Instructions&);
Instructions instructions_of(const Json&, const std::string& where);  // throws Error naming the key

// What counts here, when `chosen` is auto, perf, callgrind or none. `why`: what is worth saying of it, else
// empty. Throws Error when what was chosen by name cannot be had.
std::optional<CountingTool> counting_tool(const std::string& chosen, std::string& why);

// Of the first cell, drafter and prompt of a scenario, over an ideal link. By callgrind: all that parties do
// in virtual time, the prompt included, loading left out. By perf: user-space instructions that a longer
// continuation takes more than a short one, which leaves out the prompt. Nothing where `stop` ended it.
// Throws Error naming the program.
std::optional<Instructions> count_instructions(const std::string& scenario, const std::string& program,
                                               CountingTool, const std::function<bool()>& stop = {});

// Regressed or improved where they differ by more than `least` (a share), else pass; inconclusive where they
// were counted in different ways, which the reason names.
analysis::GateRow instructions_row(const std::string& scenario, const Instructions& now,
                                   const Instructions& before, double least);
analysis::GateRow instructions_row(const std::string& scenario);  // that says nothing yet

}  // namespace splitwan::scenarios
