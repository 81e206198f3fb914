#include "scenarios/console/machine.hh"

#include <fmt/ranges.h>

#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

#include "engine/base/error.hh"
#include "engine/kernels/kernels.hh"
#include "splitwan_build.hh"

namespace splitwan::scenarios {
namespace {

std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

engine::Machine machine(int threads) {
  return {cpu_name(), engine::kernels::best().name, build_type, build_version, threads};
}

void choose_instruction_set() {
  const char* wanted = std::getenv("SPLITWAN_INSTRUCTION_SET");
  if (!wanted || !*wanted) return;
  std::vector<std::string> names;
  for (const engine::kernels::Set* set : engine::kernels::available()) {
    if (set->name == std::string_view(wanted)) return engine::kernels::use(*set);
    names.emplace_back(set->name);
  }
  throw engine::Error("SPLITWAN_INSTRUCTION_SET: expected {}, found '{}'", fmt::join(names, " or "), wanted);
}

std::string build_commit_text() { return build_commit; }

std::string version_text() {
  return fmt::format("splitwan {} ({}, {})", build_version, build_commit, build_type);
}

}  // namespace splitwan::scenarios
