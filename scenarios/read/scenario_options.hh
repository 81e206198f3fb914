// Command-line options that say what a scenario file would: name, help, default and reading are the schema's.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "scenarios/read/scenario.hh"

namespace splitwan::scenarios {

class ScenarioOptions {
 public:
  // "sampling.top_k" becomes --top-k. `otherwise`: the command's default where it is not the schema's.
  CLI::Option* add(CLI::App&, const std::string& path, const std::string& otherwise = "");
  const std::string& text(const std::string& path) const { return texts_.at(path); }  // as typed
  // Into `s`, as a file would be read. Throws Error that begins with `where`.
  void read(Scenario& s, const std::string& where) const;

 private:
  std::map<std::string, std::string> texts_;  // by path; "" = not given
};

}  // namespace splitwan::scenarios
