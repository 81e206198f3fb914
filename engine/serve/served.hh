// What a server serves: a model's middle layers, or all of a model. The server knows connections, sessions,
// queues and budgets; what a message means is known here. No torch in sight.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/base/json.hh"
#include "engine/wire/wire.hh"

namespace splitwan::engine {

// What one session has here: its cache.
class ServedSession {
 public:
  virtual ~ServedSession() = default;
  virtual std::uint64_t bytes() const = 0;  // of memory held for it
};

// One message of a session on its way through, and what comes of it.
struct Asked {
  ServedSession* session = nullptr;
  const Message* request = nullptr;  // request, feed, check or draw; null: go on with what the last one began
  // In: how many rows may be computed for it in this call, at least 1. Rows beyond it wait for the next call.
  int rows = prefill_rows;
  // Out.
  std::optional<Message> reply = {};  // its seq, ack and held are the server's to fill in
  bool more = false;                  // not finished: to be called again with a null request
  std::string refusal = {};           // the session ends with these words
};

struct ServedPhases {
  Nanos decode{}, layers{}, encode{};  // of one call
  std::uint32_t rows = 0;              // that it computed
};

class Served {
 public:
  virtual ~Served() = default;
  // Of what a client may send. No request has more rows than a drafter's widest tree.
  virtual Limits limits() const = 0;
  // Checks a hello; `welcome` goes back to the client. Throws Error saying what differs.
  virtual std::unique_ptr<ServedSession> open(const Message& hello, Json& welcome) const = 0;
  // All of them together through the layers; each of a session of its own. From one thread at a time. What
  // goes wrong with one of them is its refusal and leaves the others as they would have been without it.
  virtual ServedPhases answer(std::span<Asked>) const = 0;
};

}  // namespace splitwan::engine
