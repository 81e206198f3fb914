#include "scenarios/commands/plain/read_traces.hh"
#include "scenarios/console/console.hh"

namespace splitwan::scenarios {

std::vector<engine::Run> read_traces(const std::vector<std::string>& paths) {
  std::vector<engine::Run> runs;
  for (const std::string& path : paths) {
    std::string cut_off;
    for (engine::Run& run : engine::read_trace_file(path, &cut_off)) runs.push_back(std::move(run));
    if (!cut_off.empty()) remark("splitwan: {}", cut_off);
  }
  return runs;
}

}  // namespace splitwan::scenarios
