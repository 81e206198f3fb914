#include "scenarios/gate/measured_program.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "engine/base/error.hh"
#include "scenarios/read/network_kind.hh"

namespace splitwan::scenarios {
namespace {

bool can_be_run(const std::filesystem::path& path) {
  return std::filesystem::is_regular_file(path) && access(path.c_str(), X_OK) == 0;
}

const Json& first_of(const Json& value) { return value.is_array() && !value.empty() ? value[0] : value; }

std::string first_drafter(const Json& scenario) {
  const Json& first = first_of(scenario.value("decode", Json("sequential")));
  return first.is_string() ? first.get<std::string>() : "sequential";
}

}  // namespace

std::string program_at(const std::string& path) {
  namespace fs = std::filesystem;
  if (fs::is_directory(path)) {
    for (const auto& found : {fs::path(path) / "splitwan", fs::path(path) / "build" / "splitwan"})
      if (can_be_run(found)) return fs::absolute(found).string();
    throw engine::Error("{}: expected a folder with a program splitwan, found none", path);
  }
  if (!can_be_run(path))
    throw engine::Error("{}: expected a program that can be run, or a build folder", path);
  return fs::absolute(path).string();
}

std::string engine_beside(const std::string& program) {
  const auto path = std::filesystem::path(program).parent_path() / "splitwan-engine";
  if (!can_be_run(path))
    throw engine::Error("{}: expected beside {}: its instructions are counted", path.string(), program);
  return path.string();
}

std::vector<std::string> sample_of(const Json& scenario, std::size_t tokens) {
  std::vector<std::string> set;
  const auto add = [&](const std::string& key, const Json& value) {
    set.push_back(key + "=" + value.dump());
  };
  add("sweep", Json::object());
  const Json sweep = scenario.value("sweep", Json::object());
  for (const auto& [key, values] : sweep.items()) {
    if (key != "cells") {
      add(key, first_of(values));
      continue;
    }
    for (const auto& [cell_key, value] : first_of(values).items()) add(cell_key, value);
  }
  add("network", {{"kind", name_of(network_kind_for(Unnamed::split_here))}});  // by formula: no other process
  add("compute", "reference");
  add("decode", Json::array({first_drafter(scenario)}));
  if (scenario.contains("prompts")) add("prompts", Json::array({first_of(scenario["prompts"])}));
  add("prompts_per_class", 1);
  add("max_new_tokens", tokens);
  add("stop_at_eos", false);
  add("rehearse", false);
  add("threads", 1);  // counters of the thread that begins see no others
  return set;
}

std::string sample_text(const Json& scenario, std::size_t tokens) {
  return fmt::format("{}, {} tokens", first_drafter(scenario), tokens);
}

}  // namespace splitwan::scenarios
