// Where tests find things, and a small random checkpoint to run.
#pragma once

#include <filesystem>
#include <string>

#include "engine/error.hh"
#include "engine/trace.hh"
#include "tests/shared_folder.hh"

namespace splitwan::tests {

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << (path) << " is absent"

// A folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "splitwan-test-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& file) const { return (path_ / file).string(); }
  std::string string() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// The one-line message of the Error that `job` throws; empty when it throws none.
template <typename Job>
std::string error_of(Job&& job) {
  try {
    job();
  } catch (const engine::Error& e) {
    return e.what();
  }
  return "";
}

// Writes a Hugging Face folder with seeded random weights. `config` overrides the small default architecture
// (4 layers, width 32, 4 heads of 8, 2 of them keys, ffn 48, vocabulary 96, context 256).
void write_random_model(const std::string& folder, const engine::Json& config = engine::Json::object(),
                        int seed = 1);

}  // namespace splitwan::tests
