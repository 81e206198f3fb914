#include "scenarios/gate/instructions_callgrind.hh"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/base/error.hh"
#include "engine/base/units.hh"
#include "scenarios/jobs/child_run.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;

// Every job of every party runs inside it, loading does not.
constexpr auto counted_function = "splitwan::netsim::Conductor::run(*)";

}  // namespace

std::string valgrind_path() {
  const char* path = std::getenv("PATH");
  for (const std::string& folder : engine::split_list(path ? path : "", ':')) {
    std::string program = folder + "/valgrind";
    if (!folder.empty() && access(program.c_str(), X_OK) == 0) return program;
  }
  return "";
}

std::vector<std::string> callgrind_command(const std::vector<std::string>& command, const std::string& out) {
  std::vector<std::string> all{valgrind_path(),
                               "--tool=callgrind",
                               "--quiet",
                               "--trace-children=yes",  // where the program is a script that becomes it
                               "--trace-children-skip=*splitwan-sim*",
                               "--collect-atstart=no",
                               std::string("--toggle-collect=") + counted_function,
                               "--callgrind-out-file=" + out + ".%p"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

std::uint64_t callgrind_total(const std::string& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("totals: ")) continue;
    std::uint64_t total = 0;
    const auto [end, error] = std::from_chars(line.data() + 8, line.data() + line.size(), total);
    if (error == std::errc()) return total;
  }
  throw Error("{}: expected a line 'totals: INSTRUCTIONS' of callgrind's, found none", file);
}

std::optional<std::uint64_t> callgrind_count(const std::vector<std::string>& command,
                                             const std::string& folder, const std::function<bool()>& stop) {
  namespace fs = std::filesystem;
  ChildOptions options;
  options.stop = stop;
  const ChildResult child = run_child(callgrind_command(command, folder + "/count"), options);
  if (child.stopped) return std::nullopt;
  if (child.exit_code != 0) throw Error("{}: counted by callgrind: {}", command.at(0), why_failed(child));
  std::uint64_t total = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename().string().starts_with("count."))
      total += callgrind_total(entry.path().string());
  if (total == 0)
    throw Error("{}: callgrind met no {} in it: expected a program with its symbols, running in virtual time",
                command.at(0), counted_function);
  return total;
}

}  // namespace splitwan::scenarios
