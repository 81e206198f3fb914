// A folder for what need not outlive its owner.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/base/error.hh"

namespace splitwan::scenarios {

struct ScratchFolder {
  std::filesystem::path path;
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "splitwan-gate-XXXXXX").string();
    if (!mkdtemp(name.data())) throw engine::Error("{}: cannot be made", name);
    path = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace splitwan::scenarios
