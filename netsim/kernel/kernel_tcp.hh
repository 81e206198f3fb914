// Requests and answers of given sizes over a kernel TCP connection: what the patterns are made of. Plain
// blocking sockets: the engine's own (a reader and a writer thread each) would add their wake-ups to what is
// measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netsim/kernel/file.hh"
#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

class KernelListener {
 public:
  explicit KernelListener(const std::string& address);  // in the calling thread's namespace
  std::uint16_t port() const { return port_; }
  // Answers clients one after the other, until one ends the service.
  void serve();

 private:
  File socket_;
  std::uint16_t port_ = 0;
};

class KernelConnection {
 public:
  KernelConnection(const std::string& address, std::uint16_t port);  // waits until it stands

  // Sends `bytes` (8 and more) and waits for an answer of `answer` bytes. Returns the time from the first
  // byte sent to the last one received.
  LinkTime exchange(std::uint32_t bytes, std::uint32_t answer);
  // The sender's window in segments: now, and as the last exchange began, when the kernel had its say on it.
  std::uint32_t window() const;
  std::uint32_t window_at_start() const { return window_at_start_; }
  LinkTime timeout() const;  // after which it sends again, and after which idleness halves its window
  void end_service();

 private:
  File socket_;
  std::vector<char> buffer_;
  std::uint32_t window_at_start_ = 0;
};

}  // namespace splitwan::netsim
