#include "engine/tls/private_file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/error.hh"
#include "engine/base/output_file.hh"

namespace splitwan::engine {
namespace {

constexpr std::size_t largest_secret = 64 << 10;

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

std::string read_private_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat found {};
  if (file.number < 0 || ::fstat(file.number, &found) != 0)
    throw Error("{}: cannot be read: {}", path, std::strerror(errno));
  if (!S_ISREG(found.st_mode)) throw Error("{}: expected a file of mode 0600, found no regular file", path);
  const bool own = found.st_uid == ::geteuid();
  if ((found.st_mode & 07) != 0 || (own && (found.st_mode & 070) != 0))
    throw Error("{}: others may use it (mode {:04o}): expected 0600", path, found.st_mode & 07777);
  std::string text;
  std::array<char, 4096> piece;
  while (true) {
    const ssize_t bytes = ::read(file.number, piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) throw Error("{}: cannot be read: {}", path, std::strerror(errno));
    if (bytes == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(bytes));
    if (text.size() > largest_secret)
      throw Error("{}: expected at most {} bytes, found more", path, largest_secret);
  }
}

void make_private_file(const std::string& path, std::string_view text) {
  const Descriptor file{open_new(path, 0600)};
  const auto refuse = [&] { throw Error("{}: cannot be written: {}", path, std::strerror(errno)); };
  if (file.number < 0) refuse();
  try {
    write_all(file.number, text, path);
    if (::fsync(file.number) != 0) refuse();
  } catch (const Error&) {  // half a key would be in the way of the next try
    ::unlink(path.c_str());
    throw;
  }
}

void make_private_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0) return;
  const int error = errno;
  std::error_code ignored;
  if (error != EEXIST) throw Error("{}: cannot be made: {}", path, std::strerror(error));
  if (!std::filesystem::is_empty(path, ignored) || ignored)
    throw Error("{}: exists and is no empty folder: nothing is overwritten", path);
  if (::chmod(path.c_str(), 0700) != 0) throw Error("{}: {}", path, std::strerror(errno));
}

}  // namespace splitwan::engine
