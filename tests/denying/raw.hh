// Connections and messages by hand, for clients that keep to nothing.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <thread>

#include "engine/net/open_socket.hh"
#include "engine/wire/wire.hh"

namespace splitwan::denying {

using engine::Bytes, engine::Kind, engine::Message, engine::OpenSocket;
using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

struct Target {
  engine::Endpoint at;
  int pid = 0;  // of the server
  Bytes hello;  // of its model
  int width = 0, context = 0;
};

inline std::optional<OpenSocket> call(const Target& t) {
  try {
    return engine::connect(t.at, 2s);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

constexpr double line_rate = 100e6 / 8;  // bytes/s that all of an attack's connections together can bring

// Returns when the line has carried so many bytes more.
inline void carry(std::size_t bytes) {
  static Steady::time_point free = Steady::now();
  free = std::max(free, Steady::now()) +
         std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(bytes) / line_rate));
  std::this_thread::sleep_until(free);
}

// All of it, as fast as the line and the other side take it; false when the other side is gone, or takes
// nothing for so long.
inline bool send(const OpenSocket& to, std::span<const std::byte> bytes,
                 std::chrono::milliseconds patience = 2000ms) {
  while (!bytes.empty()) {
    const auto sent = ::send(to.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      carry(static_cast<std::size_t>(sent));
      continue;
    }
    pollfd ready{to.descriptor(), POLLOUT, 0};
    if (errno != EAGAIN || ::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return false;
  }
  return true;
}

// What has come, up to so many bytes; none when nothing comes for so long, or it is over.
inline std::size_t read(const OpenSocket& from, std::size_t most, std::chrono::milliseconds patience) {
  pollfd ready{from.descriptor(), POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return 0;
  Bytes bytes(most);
  const auto got = ::recv(from.descriptor(), bytes.data(), bytes.size(), 0);
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

// A request of zeros in f32 (codec 0): a chain, or the given tree.
inline Message request(const Target& t, std::uint32_t rows, std::uint32_t context,
                       std::vector<std::int32_t> keep = {}, std::vector<std::int32_t> parent = {}) {
  Message m;
  m.header.rows = rows;
  m.header.width = static_cast<std::uint32_t>(t.width);
  m.header.context = context;
  m.header.keep = std::move(keep);
  m.header.parent = std::move(parent);
  m.payload.resize(std::size_t{rows} * static_cast<std::size_t>(t.width) * sizeof(float));
  return m;
}

// The rows of a step of so many, all of them to be kept.
inline std::vector<std::int32_t> all_of(std::uint32_t rows) {
  std::vector<std::int32_t> keep(rows);
  for (std::uint32_t i = 0; i < rows; ++i) keep[i] = static_cast<std::int32_t>(i);
  return keep;
}

}  // namespace splitwan::denying
