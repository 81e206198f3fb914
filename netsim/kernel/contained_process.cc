#include "netsim/kernel/contained_process.hh"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/base/error.hh"

namespace splitwan::netsim {

using engine::Error;

namespace {

constexpr int cannot_start = 126;

int exit_status(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

// Ends this process with `child`'s status; reaps whatever else was left to it.
[[noreturn]] void follow(pid_t child) {
  for (int status = 0;;) {
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended == child) _exit(exit_status(status));
    if (ended < 0 && errno != EINTR) _exit(cannot_start);
  }
}

pid_t fork_or_exit() {
  const pid_t child = fork();
  if (child < 0) _exit(cannot_start);
  return child;
}

void restore_signals() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGTTOU}) signal(s, SIG_DFL);
}

// In the child of a fork: this process, then the first of a process namespace, then the command. When we go,
// this one goes (its parent-death signal); when this goes, the first goes, and the kernel ends its namespace.
[[noreturn]] void become(const NetNamespace& where, const std::string& command,
                         const std::map<std::string, std::string>& environment, ContainedProcess::Files files,
                         pid_t parent) {
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) signal(s, SIG_IGN);  // for the command alone
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || setns(where.file(), CLONE_NEWNET) != 0 || unshare(CLONE_NEWPID) != 0) {
    dprintf(STDERR_FILENO, "splitwan: link: the command's namespaces cannot be entered: %s\n",
            strerror(errno));
    _exit(cannot_start);
  }
  if (const pid_t first = fork_or_exit(); first != 0) follow(first);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (const pid_t shell = fork_or_exit(); shell != 0) follow(shell);
  dup2(files.in, STDIN_FILENO);
  dup2(files.out, STDOUT_FILENO);
  restore_signals();
  for (const auto& [name, value] : environment) setenv(name.c_str(), value.c_str(), 1);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(cannot_start);
}

}  // namespace

ContainedProcess::ContainedProcess(const NetNamespace& where, const std::string& command,
                                   const std::map<std::string, std::string>& environment, Files files) {
  const pid_t us = getpid();
  pid_ = fork();
  if (pid_ < 0) throw Error("link: '{}' cannot be started: {}", command, std::strerror(errno));
  if (pid_ == 0) become(where, command, environment, files, us);
  setpgid(pid_, pid_);  // here too: whoever comes first, the group is there when this returns
}

ContainedProcess::~ContainedProcess() { end(std::chrono::milliseconds(0)); }

std::optional<int> ContainedProcess::poll() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = exit_status(status);
  return status_;
}

void ContainedProcess::end(std::chrono::milliseconds patience) {
  if (poll()) return;
  if (patience.count() > 0) kill(-pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!poll() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (status_) return;
  kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  status_ = exit_status(status);
}

}  // namespace splitwan::netsim
