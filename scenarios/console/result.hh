// A command's result: to a file, and to stdout as JSON or as people read it.
#pragma once

#include <string>

#include "engine/base/json.hh"

namespace splitwan::scenarios {

// For people, on stdout: what others wrote in it does nothing to the terminal.
void print_lines(const std::string& text);

// `output`: "" = no file, "-" = JSON on stdout and nothing else. Throws Error when the file cannot be
// written.
void show_result(const std::string& output, bool json, const engine::Json& result, const std::string& table);

}  // namespace splitwan::scenarios
