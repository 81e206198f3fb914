#include "tests/fuzzing/harness.hh"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>

namespace splitwan::fuzz {
namespace {

// In memory, whose path leads to it as long as it is open.
class FedFile {
 public:
  explicit FedFile(int file) : file_(file) {
    if (file_ < 0) throw std::runtime_error("no file to feed from");
  }
  void fill(std::string_view text) {
    if (ftruncate(file_, 0) != 0 ||
        pwrite(file_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("the file to feed from cannot be written");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

class FedFolder {
 public:
  FedFolder() {
    std::string name = "/dev/shm/splitwan-fuzz-XXXXXX";
    if (!mkdtemp(name.data())) throw std::runtime_error("no folder to feed from");
    path_ = name;
  }
  ~FedFolder() { std::filesystem::remove_all(path_); }
  FedFile file(const std::string& name) const {
    return FedFile(open((path_ / name).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

std::vector<Harness>& harnesses() {
  static std::vector<Harness> all;
  return all;
}

std::string file_with(std::string_view text) {
  static FedFile file(memfd_create("fed", MFD_CLOEXEC));
  file.fill(text);
  return file.path();
}

std::string folder_with(const std::string& name, std::string_view text) {
  static const FedFolder folder;
  static FedFile file = folder.file(name);
  file.fill(text);
  return folder.path();
}

}  // namespace splitwan::fuzz
