// Fixtures that come from elsewhere lie outside the project; tests that want them skip where they are absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace splitwan::tests {

inline std::string shared_folder() {
  const char* stated = std::getenv("SPLITWAN_SHARED");
  return stated ? stated : SPLITWAN_SOURCE_DIR "/../shared";
}

inline std::string shared_file(const std::string& name) { return shared_folder() + "/" + name; }

}  // namespace splitwan::tests

// Skips the running test with a message when a file or folder of the shared folder is absent.
#define SPLITWAN_NEED_SHARED(name)                                      \
  if (!std::filesystem::exists(splitwan::tests::shared_file(name))) {   \
    GTEST_SKIP() << splitwan::tests::shared_file(name) << " is absent"; \
  }
