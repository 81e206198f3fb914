// One connection's bytes, both ways, however they are carried: TCP, or something over it. Ordinary blocking
// calls; one thread may read while another writes.
#pragma once

#include <span>
#include <string>

#include "engine/net/tcp_info.hh"

namespace splitwan::engine {

class Stream {
 public:
  virtual ~Stream() = default;
  // Waits for something to come. Returns how many bytes, at least 1, `first` filled before `second`, which
  // may be left for the next call. Throws Error saying why when nothing comes any more: "closed by the peer".
  virtual std::size_t read_some(std::span<std::byte> first, std::span<std::byte> second) = 0;
  // Returns how many bytes were taken, at least 1. Throws Error saying why.
  virtual std::size_t write_some(std::span<const std::byte>) = 0;
  virtual void end_writing() = 0;        // the peer reads what was written, then the end; reading goes on
  virtual void cancel() = 0;             // ends both ways, and whoever waits in a call; from any thread
  virtual TcpInfo info() { return {}; }  // what the kernel knows of the connection
  virtual std::string peer() const = 0;  // "10.0.0.2:7420"
};

// All of them. Throw Error as read_some and write_some do.
void read_all(Stream&, std::span<std::byte> first, std::span<std::byte> second = {});
void write_all(Stream&, std::span<const std::byte>);

}  // namespace splitwan::engine
