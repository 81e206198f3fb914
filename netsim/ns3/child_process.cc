#include "netsim/ns3/child_process.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "engine/base/error.hh"

extern char** environ;

namespace splitwan::netsim {

using engine::Error;
using std::chrono::milliseconds;

namespace {

// posix_spawn with `end` as stdin and stdout and every other file but stderr closed. Returns an errno value.
int spawn(pid_t& pid, const std::string& program, int end) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, end, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&files, end, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);  // it inherits neither our mask nor what we ignore
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  char* arguments[] = {const_cast<char*>(program.c_str()), nullptr};
  const int problem = posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return problem;
}

}  // namespace

ChildProcess::ChildProcess(std::string program) : program_(std::move(program)) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw Error("{}: cannot be given a connection: {}", program_, std::strerror(errno));
  const int problem = spawn(pid_, program_, ends[1]);
  close(ends[1]);
  if (problem != 0) {
    close(ends[0]);
    throw Error("{}: cannot be started: {}", program_, std::strerror(problem));
  }
  socket_ = ends[0];
}

ChildProcess::~ChildProcess() {
  close(socket_);
  if (!reap_within(milliseconds(500))) kill_group();
}

bool ChildProcess::is_quiet() const {
  pollfd file{socket_, POLLIN, 0};
  return pid_ >= 0 && consumed_ == received_.size() && poll(&file, 1, 0) == 0;
}

void ChildProcess::write(std::string_view text, Clock::time_point deadline) {
  while (!text.empty()) {
    const ssize_t taken = send(socket_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (taken >= 0) {
      text.remove_prefix(static_cast<std::size_t>(taken));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_ready(POLLOUT, deadline);
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return;  // it has ended; what it said last, perhaps why, is still to be read
    } else if (errno != EINTR) {
      throw Error("{}: cannot be written to: {}", program_, std::strerror(errno));
    }
  }
}

std::string ChildProcess::read_line(Clock::time_point deadline) {
  for (;;) {
    const std::size_t end = received_.find('\n', consumed_);
    if (end != std::string::npos) {
      std::string line = received_.substr(consumed_, end - consumed_);
      consumed_ = end + 1;
      return line;
    }
    received_.erase(0, consumed_);
    consumed_ = 0;
    char buffer[65536];
    const ssize_t count = recv(socket_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0)
      received_.append(buffer, static_cast<std::size_t>(count));
    else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
      wait_ready(POLLIN, deadline);
    else if (count == 0 || errno != EINTR)
      fail_ended();
  }
}

void ChildProcess::wait_ready(short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    pollfd file{socket_, events, 0};
    const int ready = poll(&file, 1, static_cast<int>(std::clamp<long>(left.count(), 0, 1 << 30)));
    if (ready > 0) return;
    if (ready == 0) {
      kill_group();
      throw Error("{}: expected an answer within the time allowed, found none: it was killed", program_);
    }
    if (errno != EINTR) throw Error("{}: cannot be waited for: {}", program_, std::strerror(errno));
  }
}

void ChildProcess::fail_ended() {
  if (!reap_within(milliseconds(500))) {
    kill_group();
    throw Error("{}: expected an answer, but it closed its output: it was killed", program_);
  }
  if (WIFSIGNALED(status_))
    throw Error("{}: expected an answer, but it was ended by signal {} ({})", program_, WTERMSIG(status_),
                strsignal(WTERMSIG(status_)));
  throw Error("{}: expected an answer, but it ended with exit status {}", program_, WEXITSTATUS(status_));
}

void ChildProcess::kill_group() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool ChildProcess::reap_within(milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (pid_ >= 0) {
    if (waitpid(pid_, &status_, WNOHANG) != 0) {
      pid_ = -1;
    } else if (Clock::now() >= deadline) {
      return false;
    } else {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  return true;
}

}  // namespace splitwan::netsim
