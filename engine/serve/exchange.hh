// The numbered messages of one session: which come in turn, which have been answered already, and what is
// kept in case its client has to hear it again. Pure.
#pragma once

#include <deque>

#include "engine/wire/wire.hh"

namespace splitwan::engine {

class Exchange {
 public:
  explicit Exchange(std::uint64_t most_kept = 0) : most_kept_(most_kept) {}

  enum class Next : std::uint8_t {
    work,     // it is its turn
    again,    // answered already: kept()
    known,    // has come before, nothing to say (yet)
    lost,     // answered, and that is kept no longer
    ignored,  // was on its way before the session began anew
    missing   // one before it has not come
  };
  // A message has come. Number 0: of a client that does not count.
  Next takes(std::uint32_t number);
  void acknowledged(std::uint32_t number);  // up to this one, replies have come
  const Message* kept(std::uint32_t number) const;
  // Whether the client waits for this reply just now. One that is back hears none before it has asked for it
  // again: in between it would overtake those that were lost, and these would then count as repetitions.
  bool due(std::uint32_t number) const { return number <= asked_; }
  void is_back(std::uint32_t received) { asked_ = received; }
  void keep(Message reply);
  void take_back(std::uint32_t messages);  // the last so many were dropped: they will come again

  // The client is back: it has had the replies up to `received`, and sends again from `first` on. Is all here
  // that it needs?
  bool continues(std::uint32_t received, std::uint32_t first) const;
  // What it said it needs is not: so many messages that are on their way count for nothing, then it counts on
  // from wherever it likes.
  void begins_anew(std::uint32_t in_flight);

  std::uint64_t bytes() const { return bytes_; }  // of kept replies
  std::uint32_t taken() const { return taken_; }

 private:
  std::uint64_t most_kept_;
  std::deque<Message> kept_;  // by their numbers
  std::uint64_t bytes_ = 0;
  std::uint32_t taken_ = 0;      // the last in turn
  std::uint32_t asked_ = 0;      // the last that came over the connection of now
  std::uint32_t forgotten_ = 0;  // replies up to this one are not kept any longer
  std::uint32_t ignoring_ = 0;   // messages still
  bool anywhere_ = false;        // the next number may be any
};

}  // namespace splitwan::engine
