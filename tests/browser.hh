// What a browser makes of a page.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/error.hh"
#include "engine/output_file.hh"

namespace splitwan::test {

inline bool have(const std::string& program) {
  return std::system((program + " --version > /dev/null 2>&1").c_str()) == 0;
}

inline std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A file that is gone after the test.
struct Scratch {
  explicit Scratch(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("splitwan_" + std::to_string(getpid()) + name)) {}
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path;
};

// The page's elements after its scripts ran; what the scripts complained about is in `log`.
inline std::string drawn(const std::string& html, std::string& log) {
  const Scratch page(".html"), dom("_dom.html"), errors("_log"), profile("_profile");
  engine::write_file(page.path, html);
  const std::string command =
      "timeout 120 chromium --headless --no-sandbox --disable-gpu --virtual-time-budget=2000 "
      "--enable-logging=stderr --user-data-dir=" +
      profile.path + " --dump-dom file://" + page.path + " > " + dom.path + " 2> " + errors.path;
  if (std::system(command.c_str()) != 0) throw engine::Error("{}: failed", command);
  log = read(errors.path);
  return read(dom.path);
}

}  // namespace splitwan::test
