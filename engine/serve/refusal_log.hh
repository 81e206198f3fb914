// Refusals, counted for whoever watches and told in the log: a flood of them in one line a second.
#pragma once

#include <array>
#include <string>

#include "engine/serve/refusal.hh"
#include "engine/serve/watch.hh"

namespace splitwan::engine {

class RefusalLog {
 public:
  explicit RefusalLog(ServerWatch& watch) : watch_(watch) {}
  void tell(Refusal, const std::string& peer, std::string_view words, Nanos now);
  void summarise(Nanos now);  // now and then

 private:
  ServerWatch& watch_;
  Nanos second_{};  // when the current one began
  int told_ = 0;    // lines of it
  std::array<int, static_cast<std::size_t>(Refusal::measure) + 1> untold_{};
};

}  // namespace splitwan::engine
