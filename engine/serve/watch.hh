// Who looks at a server while it runs: logs, metrics. Called from any of the server's threads; nothing here
// may throw or wait.
#pragma once

#include <string>
#include <string_view>

#include "engine/party/tcp_sample.hh"
#include "engine/serve/served.hh"

namespace splitwan::engine {

enum class Level : std::uint8_t { debug, info, warning, error };

// What is going on at this moment.
struct ServerState {
  int connections = 0, sessions = 0;  // open sockets; sessions with a client connected
  int idle = 0;                       // sessions kept for a client that has gone
  std::uint64_t cache_bytes = 0, queued_bytes = 0;
  std::uint64_t waiting = 0;  // requests that nobody works on yet
  bool draining = false;
};

class ServerWatch {
 public:
  virtual ~ServerWatch() = default;
  virtual void log(Level, std::string_view /*line*/) noexcept {}
  virtual void refused(std::string_view /*reason*/) noexcept {}  // a few fixed words: "sessions"
  virtual void ended(std::string_view /*why*/) noexcept {}       // a session; fixed words
  virtual void resumed(bool /*warm*/) noexcept {}
  // One call through the layers: how many requests went together, how long each had waited is told one by
  // one.
  virtual void computed(const ServedPhases&, std::uint32_t /*requests*/) noexcept {}
  virtual void answered(Nanos /*held*/, const TcpSample&) noexcept {}
  virtual void waited(Nanos) noexcept {}  // each request, until somebody began to work on it
  virtual void sent_again(std::uint32_t /*segments*/) noexcept {}  // by us, since the last answer there
  virtual void moved(std::uint64_t /*bytes_in*/, std::uint64_t /*bytes_out*/) noexcept {}
};

}  // namespace splitwan::engine
