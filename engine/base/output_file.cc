#include "engine/base/output_file.hh"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "engine/base/error.hh"

namespace splitwan::engine {

namespace fs = std::filesystem;

OutputFile::OutputFile(const std::string& path) : path_(path), target_(path) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) {
    const fs::path followed = fs::weakly_canonical(path, ignored);
    if (!ignored) target_ = followed;
  }
  const fs::file_status status = fs::status(target_, ignored);
  if (path.empty()) throw Error("an empty name is no output file");
  if (fs::is_directory(status)) throw Error("{}: cannot be written: it is a folder", path_);
  if (!fs::exists(status) || fs::is_regular_file(status))
    temporary_ = target_ + ".tmp" + std::to_string(getpid());
  errno = 0;
  out_.open(temporary_.empty() ? target_ : temporary_, std::ios::binary);
  if (!out_) throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;
  out_.close();
  std::remove(temporary_.c_str());
}

void OutputFile::write(std::string_view bytes) {
  errno = 0;
  out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!out_) throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
}

void OutputFile::finish() {
  errno = 0;
  out_.close();
  if (!out_ || (!temporary_.empty() && std::rename(temporary_.c_str(), target_.c_str()) != 0))
    throw Error("{}: cannot be written: {}", path_, std::strerror(errno));
  temporary_.clear();
}

void write_file(const std::string& path, std::string_view text) {
  if (path == "-") {
    std::cout << text << std::flush;
    if (!std::cout) throw Error("stdout: cannot be written");
    return;
  }
  OutputFile file(path);
  file.write(text);
  file.finish();
}

void check_output(const std::string& path, std::span<const std::string> inputs) {
  if (path.empty() || path == "-") return;
  std::error_code ignored;
  for (const std::string& input : inputs) {
    if (fs::equivalent(path, input, ignored)) throw Error("{}: is an input; write to another file", path);
  }
  const fs::file_status status = fs::status(path, ignored);
  if (!fs::exists(status) || fs::is_regular_file(status) || fs::is_directory(status)) OutputFile probe(path);
}

}  // namespace splitwan::engine
