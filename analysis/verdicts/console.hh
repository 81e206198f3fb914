// A gate's table on a terminal: a verdict a line, the last one for all.
#pragma once

#include "analysis/gate/verdict.hh"

namespace splitwan::analysis {

struct ConsoleStyle {
  bool colour = false;
  bool all = false;  // also each row that is as in the baseline; else a line per scenario counts them
};

// Colour as the environment asks: never with NO_COLOR (not empty), always with CLICOLOR_FORCE (neither empty
// nor 0), else where stdout is a terminal and TERM is not "dumb".
ConsoleStyle console_style(bool all = false);

std::string console_table(const GateResult&, const ConsoleStyle& = {});

}  // namespace splitwan::analysis
