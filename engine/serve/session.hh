// What a server knows of a connection, and of a session, which may outlive it. The io thread's alone.
#pragma once

#include <memory>

#include "engine/net/channel.hh"
#include "engine/serve/admission.hh"
#include "engine/serve/computer.hh"
#include "engine/serve/exchange.hh"

namespace splitwan::engine {

struct Session;

// A connection. Has a seat as long as it exists.
struct Visit {
  Visit(Admission::Id number, Admission& seats) : id(number), admission(seats) {}
  ~Visit() { admission.leaves(id); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  const Admission::Id id;
  Admission& admission;
  std::shared_ptr<Channel> channel;
  std::string source;
  Session* session = nullptr;
  bool parting = false;  // nothing more is heard
  Nanos since{};         // when it came, or when that began
};

struct Session {
  SessionId id = 0;
  std::string key, peer, source;  // "" = cannot be resumed
  Visit* visit = nullptr;         // null: kept for its client
  Exchange exchange;
  Nanos last{};                // when it asked, was answered, or lost its connection
  int unanswered = 0;          // of what it asked
  std::uint64_t queued = 0;    // bytes of that
  std::uint64_t cache = 0;     // bytes
  std::uint64_t measured = 0;  // bytes, both ways
  bool resumed_cold = false;
  bool opened = false;   // has its cache, or had
  bool evicted = false;  // had
  bool unread = false;   // not computed for
  bool unheard = false;  // not read from
  bool probe = false;

  std::uint64_t unsent() const { return visit ? visit->channel->queued() : 0; }
  std::uint64_t held() const { return cache + exchange.bytes() + unsent(); }
  std::uint64_t asked() const { return queued + (visit ? visit->channel->coming() : 0); }
};

}  // namespace splitwan::engine
