// What a result must say about where it was made.
#pragma once

#include "engine/party/run_header.hh"

namespace splitwan::scenarios {

engine::Machine machine(int threads);
std::string build_commit_text();
std::string version_text();

}  // namespace splitwan::scenarios
