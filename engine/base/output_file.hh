// Files that appear whole or not at all.
#pragma once

#include <fstream>
#include <span>
#include <string>
#include <string_view>

namespace splitwan::engine {

// Written beside its place, then renamed there. Symbolic links are followed; what is no regular file (a
// device, a pipe) is written as it stands. Throws Error naming the path and the reason.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path);
  ~OutputFile();  // without finish(): nothing has happened
  OutputFile(const OutputFile&) = delete;
  void write(std::string_view bytes);
  void finish();

 private:
  std::string path_, target_, temporary_;  // as named; links followed; empty when written in place
  std::ofstream out_;
};

// Writes `text` whole; "-" is stdout.
void write_file(const std::string& path, std::string_view text);

// For the start of long work: throws Error when `path` cannot be written, or is one of `inputs`. "" and "-"
// pass.
void check_output(const std::string& path, std::span<const std::string> inputs = {});

}  // namespace splitwan::engine
