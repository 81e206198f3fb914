// Overrides and sweeps: edits of a scenario's JSON before it is read.
#pragma once

#include "engine/base/json.hh"

namespace splitwan::scenarios {

using engine::Json;

// "network.rtt": sets that key (created when absent: the reader then judges it). Throws Error where it lies
// in what is no object.
void set_key(Json& scenario, const std::string& dotted, const Json& value);

// "network.rtt=20ms": sets that key (created when absent: the reader then judges it). The value is JSON when
// it parses as such, else a string. A sweep over the same key is dropped.
void apply_override(Json& scenario, const std::string& assignment);

// A scenario file with its overrides applied. Throws Error naming the file.
Json read_scenario_file(const std::string& path, const std::vector<std::string>& overrides);

// The file that a text of a scenario names, without "recorded:" or "profile:"; empty: too long for one.
std::string file_named(const std::string& text);

// Every text in it that may be a file, as a path: inputs that an output must not replace.
std::vector<std::string> files_named_in(const Json& scenario, const std::string& file);

// "sweep": {"network.rtt": ["20ms", "80ms"], ...} -> one scenario per combination, the last key fastest, each
// with its own values in place and no "sweep". Without one, the scenario itself.
std::vector<Json> expand_sweep(const Json& scenario, const std::string& file);

}  // namespace splitwan::scenarios
