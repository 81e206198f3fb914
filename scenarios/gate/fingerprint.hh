// What must agree before two runs of a scenario are compared.
#pragma once

#include "engine/party/trace.hh"

namespace splitwan::scenarios {

using engine::Json;

// In this order, where there is one: "scenario" (hash of all it says but for name and notes), "model", "file
// NAME" (of each other file or folder that it names: hash of contents), "seed", "trace_schema", "simulator",
// "instruction_sets" (a list; of runs with tensors alone). `scenario` is the file as read, from `path`;
// `runs` are its.
Json fingerprint_of(const Json& scenario, const std::string& path, const std::vector<engine::Run>& runs);

}  // namespace splitwan::scenarios
