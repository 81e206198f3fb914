// What a result must say about where it was made.
#pragma once

#include "engine/base/json.hh"

namespace splitwan::scenarios {

engine::Json machine(int threads);  // cpu, isa, threads, build, version
std::string build_commit_text();
std::string version_text();

}  // namespace splitwan::scenarios
