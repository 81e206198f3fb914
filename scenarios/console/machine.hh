// What a result must say about where it was made.
#pragma once

#include "engine/party/run_header.hh"

namespace splitwan::scenarios {

engine::Machine machine(int threads);
// The instruction set that SPLITWAN_INSTRUCTION_SET names, where it is set: what another machine would
// compute. Throws Error naming those that this machine has.
void choose_instruction_set();

std::string build_commit_text();
std::string version_text();

}  // namespace splitwan::scenarios
