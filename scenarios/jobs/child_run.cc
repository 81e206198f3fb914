#include "scenarios/jobs/child_run.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>

#include "engine/base/error.hh"

extern char** environ;

namespace splitwan::scenarios {
namespace {

using engine::Error;
using WallClock = std::chrono::steady_clock;

constexpr std::size_t most_err = 64 << 10;

struct Pipe {
  int read = -1, write = -1;
  explicit Pipe(const std::string& program) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      throw Error("{}: cannot be given a pipe: {}", program, std::strerror(errno));
    read = ends[0];
    write = ends[1];
  }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    if (read >= 0) close(read);
    if (write >= 0) close(write);
  }
  void end_writing() {
    close(write);
    write = -1;
  }
};

// What exec needs, made before the fork: between fork and exec only what is safe there is called.
struct Image {
  std::vector<std::string> words, variables;
  std::vector<char*> argv, envp;

  Image(const std::vector<std::string>& command, const ChildOptions& options) : words(command) {
    for (char** v = environ; *v; ++v) {
      const std::string_view text = *v;
      bool replaced = false;
      for (const auto& [name, value] : options.environment)
        replaced |= text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=';
      if (!replaced) variables.emplace_back(text);
    }
    for (const auto& [name, value] : options.environment)
      variables.push_back(fmt::format("{}={}", name, value));
    for (std::string& word : words) argv.push_back(word.data());
    for (std::string& variable : variables) envp.push_back(variable.data());
    argv.push_back(nullptr);
    envp.push_back(nullptr);
  }
};

[[noreturn]] void become(const Image& image, const ChildOptions& options, int out, int err, int problem,
                         pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int s : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) signal(s, SIG_DFL);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (options.folder.empty() || chdir(options.folder.c_str()) == 0)
    execve(image.argv[0], image.argv.data(), image.envp.data());
  const int error = errno;
  [[maybe_unused]] const auto told = write(problem, &error, sizeof error);
  _exit(127);
}

// Appends what there is; false at its end.
bool take(int file, std::string& text, std::size_t most) {
  std::array<char, 16384> block{};
  const ssize_t got = read(file, block.data(), block.size());
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  text.append(block.data(), static_cast<std::size_t>(got));
  if (text.size() > 2 * most) text.erase(0, text.size() - most);
  return true;
}

double seconds_of(const timeval& t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

// Until it has ended: it may have closed its outputs long before, or left others behind that hold them.
void watch(ChildResult& result, const ChildOptions& options, pid_t pid, int out, int err) {
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  const int patience_ms = ended >= 0 ? 50 : 5;  // before Linux 5.3 it is asked for
  std::array<pollfd, 3> files{{{out, POLLIN, 0}, {err, POLLIN, 0}, {ended, POLLIN, 0}}};
  const auto take_all = [&] {
    if (files[0].fd >= 0 && files[0].revents && !take(out, result.out, std::string::npos / 4))
      files[0].fd = -1;
    if (files[1].fd >= 0 && files[1].revents && !take(err, result.err, most_err)) files[1].fd = -1;
  };
  for (bool over = false; !over;) {
    poll(files.data(), files.size(), patience_ms);
    take_all();
    siginfo_t info{};
    over =
        waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
    if (!result.stopped && options.stop && options.stop()) {
      result.stopped = true;
      kill(-pid, SIGKILL);
    }
  }
  if (ended >= 0) close(ended);
  kill(-pid, SIGKILL);  // what it left behind
  while ((files[0].fd >= 0 || files[1].fd >= 0) && poll(files.data(), 2, 1000) > 0) take_all();
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, const ChildOptions& options) {
  const std::string& program = command.at(0);
  Image image(command, options);
  Pipe out(program), err(program), problem(program);
  const auto begin = WallClock::now();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) throw Error("{}: cannot be started: {}", program, std::strerror(errno));
  if (pid == 0) become(image, options, out.write, err.write, problem.write, parent);
  setpgid(pid, pid);
  out.end_writing();
  err.end_writing();
  problem.end_writing();
  int error = 0;
  const bool failed = read(problem.read, &error, sizeof error) == sizeof error;

  ChildResult result;
  if (!failed) watch(result, options, pid, out.read, err.read);
  int status = 0;
  rusage used{};
  while (wait4(pid, &status, 0, &used) < 0 && errno == EINTR) {
  }
  if (failed) throw Error("{}: cannot be started: {}", program, std::strerror(error));
  if (result.err.size() > most_err) result.err.erase(0, result.err.size() - most_err);
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  result.wall_s = std::chrono::duration<double>(WallClock::now() - begin).count();
  result.cpu_s = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  result.peak_rss_kib = used.ru_maxrss;
  return result;
}

std::string splitwan_path() {
  const auto path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "splitwan";
  if (!std::filesystem::exists(path))
    throw Error("{}: is not there (scenarios/setup splitwan builds it)", path.string());
  return path.string();
}

std::string why_failed(const ChildResult& result) {
  std::string text = result.err;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  const auto line = text.rfind('\n');
  if (line != std::string::npos) text.erase(0, line + 1);
  if (text.starts_with("splitwan: ")) text.erase(0, 10);
  if (result.exit_code > 128)
    return fmt::format("ended by signal {}{}{}", result.exit_code - 128, text.empty() ? "" : ": ", text);
  return text.empty() ? fmt::format("exit code {}, and nothing said", result.exit_code) : text;
}

void run_parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& job) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;  // failure
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < std::min(count, at_once); ++t)
      threads.emplace_back([&] {
        for (std::size_t i; (i = next++) < count;) {
          try {
            job(i);
          } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
            next = count;
          }
        }
      });
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace splitwan::scenarios
