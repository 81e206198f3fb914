// A program that we talk to in lines over its stdin and stdout. It dies with us: its input ends when we do.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

namespace splitwan::netsim {

// Whoever it is that we talk to in lines.
class LinePeer {
 public:
  using Clock = std::chrono::steady_clock;
  virtual ~LinePeer() = default;

  virtual const std::string& program() const = 0;
  // It is there, as far as we know, and has said nothing that was not read.
  virtual bool is_quiet() const = 0;
  // Both throw Error when it has ended, saying how, or when the deadline passes.
  virtual void write(std::string_view text, Clock::time_point deadline) = 0;
  virtual std::string read_line(Clock::time_point deadline) = 0;
};

class ChildProcess final : public LinePeer {
 public:
  // Starts `program` in a process group of its own, so that a terminal's Ctrl-C reaches only us; it inherits
  // no file but stderr. Throws Error when it cannot be started.
  explicit ChildProcess(std::string program);
  // Ends its input, gives it a moment to leave, then kills its group. Reaps it.
  ~ChildProcess() override;
  ChildProcess(const ChildProcess&) = delete;

  const std::string& program() const override { return program_; }
  bool is_quiet() const override;
  void write(std::string_view text, Clock::time_point deadline) override;
  std::string read_line(Clock::time_point deadline) override;

 private:
  void wait_ready(short events, Clock::time_point deadline);
  [[noreturn]] void fail_ended();
  void kill_group();
  bool reap_within(std::chrono::milliseconds patience);

  std::string program_;
  int socket_ = -1;  // both directions: unlike a pipe, writing to a dead one can be kept from raising SIGPIPE
  pid_t pid_ = -1;   // -1 once reaped
  int status_ = 0;   // of waitpid
  std::string received_;
  std::size_t consumed_ = 0;  // bytes of received_ already handed out
};

}  // namespace splitwan::netsim
