#include "scenarios/watch/line_writer.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace splitwan::scenarios {
namespace {

// What a pipe takes without waiting once poll(2) calls it writable: pipe(7).
constexpr std::size_t most_at_once = 4096;

// The same terminal or pipe, opened once more for us alone: O_NONBLOCK on the one that we were given would be
// everybody's who has it. -1 where that cannot be.
int opened_again(int descriptor) {
  return ::open(fmt::format("/proc/self/fd/{}", descriptor).c_str(),
                O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

LineWriter::LineWriter(int descriptor, engine::Nanos patience)
    : descriptor_(descriptor), patience_(patience) {
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) return;
  socket_ = S_ISSOCK(found.st_mode);
  if (!S_ISFIFO(found.st_mode) && !S_ISCHR(found.st_mode)) return;
  if (const int again = opened_again(descriptor); again >= 0) {
    descriptor_ = again;
    ours_ = true;
  }
}

LineWriter::~LineWriter() {
  if (ours_) ::close(descriptor_);
}

void LineWriter::write(std::string_view line) noexcept {
  std::string_view end = "\n";
  if (torn_ && !put(end)) {
    ++lost_;
    return;
  }
  torn_ = false;
  std::string_view rest = line;
  if (put(rest)) return;
  torn_ = rest.size() < line.size();
  ++lost_;
}

bool LineWriter::put(std::string_view& rest) noexcept {
  while (!rest.empty()) {
    if (!writable(stuck_ ? engine::Nanos{} : patience_)) {
      stuck_ = true;
      return false;
    }
    const long taken = push(rest.substr(0, most_at_once));
    if (taken < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (taken > 0) {
      rest.remove_prefix(static_cast<std::size_t>(taken));
      stuck_ = false;
    }
  }
  return true;
}

bool LineWriter::writable(engine::Nanos within) const noexcept {
  pollfd wanted{descriptor_, POLLOUT, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(within).count();
  return ::poll(&wanted, 1, static_cast<int>(milliseconds)) > 0;
}

long LineWriter::push(std::string_view bytes) const noexcept {
  return socket_ ? ::send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                 : ::write(descriptor_, bytes.data(), bytes.size());
}

}  // namespace splitwan::scenarios
