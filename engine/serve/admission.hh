// Who may stay: seats for strangers, who have not said hello yet, and for sessions; of all, and of each
// source. Pure: it counts, others cut.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/base/types.hh"
#include "engine/serve/refusal.hh"

namespace splitwan::engine {

struct Seats {
  int sessions = 256, per_source = 64;
  int strangers = 128, per_source_strangers = 16;
  Nanos courtesy =
      std::chrono::seconds(3);  // where seats are short, a stranger silent for so long goes first
};

// Whose budget an address draws on: loopback is one source, and so are all of an IPv6 network of 64 bits,
// which is what one subscriber has.
std::string source_of(const std::string& address);

class Admission {
 public:
  using Id = std::uint64_t;  // of a connection: later ones have larger ones
  struct Verdict {
    std::optional<Refusal> refusal;
    std::optional<Id> drop;  // who loses the seat instead
  };

  explicit Admission(const Seats& seats) : seats_(seats) {}

  // Somebody connects. Where seats are short the newest stranger of the fullest source goes: who connects
  // most loses most, and whoever speaks at once is seldom the newest for long.
  Verdict connects(Id, const std::string& source, Nanos now);
  // A stranger has said hello: from now on a session, unless refused.
  std::optional<Refusal> begins(Id);
  // A session is over, its connection is not: until it closes it takes a stranger's seat.
  void parts(Id) noexcept;
  void leaves(Id) noexcept;  // nothing when it has no seat

  // All sessions are taken: whose connection may go for one of `source`. A source with more than that.
  std::optional<std::string> crowding(const std::string& source) const;
  int strangers() const { return strangers_; }
  int sessions() const { return sessions_; }

 private:
  struct Source {
    int strangers = 0, sessions = 0;
  };
  struct Seat {
    std::map<std::string, Source>::iterator source;
    bool session = false;
    Nanos since{};
  };
  Id stranger_to_drop(const std::string* of_source, Nanos now) const;  // of one or more

  const Seats seats_;
  std::map<std::string, Source> sources_;
  std::map<Id, Seat> taken_;
  int strangers_ = 0, sessions_ = 0;
};

}  // namespace splitwan::engine
