// A shell command inside a network namespace, with all that it starts: they end with it, and with us, however
// we end (a process namespace of their own sees to that).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "netsim/kernel/net_namespace.hh"

namespace splitwan::netsim {

class ContainedProcess {
 public:
  struct Files {
    int in, out;
  };
  // Call it on the main thread: the command lives no longer than the thread that started it.
  ContainedProcess(const NetNamespace&, const std::string& command,
                   const std::map<std::string, std::string>& environment, Files);
  ~ContainedProcess();  // kills what is left
  ContainedProcess(const ContainedProcess&) = delete;

  // Its exit status, 128 + n after signal n; nothing while it runs.
  std::optional<int> poll();
  // Asks it to end, waits for that so long, then kills it.
  void end(std::chrono::milliseconds patience = std::chrono::seconds(1));
  pid_t group() const { return pid_; }  // process group of the command

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

}  // namespace splitwan::netsim
