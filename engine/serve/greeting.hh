// What a client says of its session, in its hello, beside what it asks of the model.
#pragma once

#include <string>

#include "engine/wire/wire.hh"

namespace splitwan::engine {

struct Greeting {
  std::string key = {};  // of a session that can be resumed, 32 hex digits; "" = it cannot
  bool resumes = false;  // it was begun before; then
  std::uint32_t received = 0, first = 1, in_flight = 0;  // see README
  std::string token = {};                                // shown to the door, and nobody else
  bool probe = false;                                    // asks nothing of the model: measures the path
  Message hello;  // what the model's side may see: the same without the token
};
// Throws Error when it is none. Says nothing of the model.
Greeting read_greeting(Message hello);

}  // namespace splitwan::engine
