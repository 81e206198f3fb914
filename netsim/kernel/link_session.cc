#include "netsim/kernel/link_session.hh"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "engine/base/error.hh"

namespace splitwan::netsim {

using engine::Error;

namespace {

constexpr LinkTime look = std::chrono::milliseconds(20);

sigset_t our_signals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ours, s);
  return ours;
}

// 0 after `pause` without one.
int next_signal(LinkTime pause) {
  const sigset_t ours = our_signals();
  const timespec timeout{pause.count() / 1'000'000'000, pause.count() % 1'000'000'000};
  return std::max(0, sigtimedwait(&ours, nullptr, &timeout));
}

// True once something in the server's namespace waits for connections, or for datagrams.
bool listens(const EmulatedLink& link) {
  bool found = false;
  link.server().run([&] {
    for (const char* table : {"tcp", "tcp6", "udp", "udp6"}) {
      std::ifstream file(std::string("/proc/thread-self/net/") + table);
      std::string line, number, here, there, state;
      for (std::getline(file, line); file >> number >> here >> there >> state; std::getline(file, line))
        found = found || state == "0A" || table[0] == 'u';
    }
  });
  return found;
}

std::string with_addresses(std::string command) {
  for (const auto& [name, address] :
       {std::pair<std::string, std::string>("{server}", server_ip), {"{client}", client_ip}})
    for (std::size_t at; (at = command.find(name)) != std::string::npos;)
      command.replace(at, name.size(), address);
  return command;
}

const std::map<std::string, std::string> addresses = {{"SPLITWAN_LINK_CLIENT", client_ip},
                                                      {"SPLITWAN_LINK_SERVER", server_ip}};

// Ctrl-C and the keyboard are the client's while it runs.
class Foreground {
 public:
  explicit Foreground(pid_t group) : ours_(tcgetpgrp(STDIN_FILENO) == getpgrp()) {
    if (!ours_) return;
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(STDIN_FILENO, group);
  }
  ~Foreground() {
    if (ours_) tcsetpgrp(STDIN_FILENO, getpgrp());
  }

 private:
  bool ours_;
};

}  // namespace

void block_signals() {
  const sigset_t ours = our_signals();
  pthread_sigmask(SIG_BLOCK, &ours, nullptr);
}

int run_client_in(const NetNamespace& where, const std::string& command, bool quiet) {
  ContainedProcess client(where, command, {}, {STDIN_FILENO, quiet ? STDERR_FILENO : STDOUT_FILENO});
  const Foreground foreground(client.group());
  while (!client.poll()) {
    if (const int signal = next_signal(look)) {
      client.end();
      return 128 + signal;
    }
  }
  return *client.poll();
}

int LinkSession::run() {
  if (!commands_.server.empty()) {
    const File nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    server_.emplace(link_.server(), with_addresses(commands_.server), addresses,
                    ContainedProcess::Files{nothing.get(), STDERR_FILENO});
  }
  const int signal = server_ && !commands_.client.empty() ? wait_for_server() : 0;
  const int code = signal != 0 ? 128 + signal : commands_.client.empty() ? stay() : run_client();
  const bool server_failed = server_ && server_->poll().value_or(0) != 0;
  if (server_) server_->end();
  return code == 0 && server_failed ? 2 : code;
}

int LinkSession::wait_for_server() {
  const auto deadline = std::chrono::steady_clock::now() + commands_.patience;
  while (!listens(link_)) {
    if (const auto status = server_->poll())
      throw Error("link: server: expected it to listen, but it ended with exit status {}", *status);
    if (std::chrono::steady_clock::now() > deadline)
      throw Error("link: server: expected it to listen within {} s, found no open port",
                  std::chrono::duration<double>(commands_.patience).count());
    if (const int signal = next_signal(look)) return signal;
  }
  return 0;
}

int LinkSession::run_client() {
  ContainedProcess client(link_.client(), with_addresses(commands_.client), addresses,
                          {STDIN_FILENO, commands_.quiet ? STDERR_FILENO : STDOUT_FILENO});
  const Foreground foreground(client.group());
  bool told = false;
  while (!client.poll()) {
    if (const int signal = next_signal(look)) {
      client.end();
      return 128 + signal;
    }
    if (told || !server_ || server_->poll().value_or(0) == 0) continue;
    fmt::print(stderr, "link: the server ended with exit status {}, before the client\n", *server_->poll());
    told = true;
  }
  return *client.poll();
}

int LinkSession::stay() {
  fmt::print(stderr,
             "link is up: client {}, server {}; until Ctrl-C\n"
             "  client:  nsenter --net=/proc/{}/fd/{} COMMAND\n"
             "  server:  nsenter --net=/proc/{}/fd/{} COMMAND\n",
             client_ip, server_ip, getpid(), link_.client().file(), getpid(), link_.server().file());
  for (;;) {
    if (const int signal = next_signal(look)) return signal == SIGINT ? 0 : 128 + signal;
    if (!server_) continue;
    if (const auto status = server_->poll()) return *status;
  }
}

}  // namespace splitwan::netsim
