#include "scenarios/console/machine.hh"

#include <fmt/format.h>

#include <fstream>

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

std::string build_commit_text() { return build_commit; }

std::string version_text() {
  return fmt::format("splitwan {} ({}, {})", build_version, build_commit, build_type);
}

}  // namespace splitwan::scenarios
