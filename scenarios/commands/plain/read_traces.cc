#include "scenarios/commands/plain/read_traces.hh"

namespace splitwan::scenarios {

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths) {
  std::vector<engine::Run> runs;
  for (const std::string& path : paths) {
    for (engine::Run& run : engine::read_trace_file(path)) runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace splitwan::scenarios
