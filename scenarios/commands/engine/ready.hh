// What a server says on stdout once it listens: scripts wait for that line.
#pragma once

#include <string>

#include "engine/base/json.hh"
#include "engine/net/open_socket.hh"

namespace splitwan::scenarios {

// As JSON: where (host and port, or path) and `more`; else the words.
void say_ready(const engine::Endpoint& here, const engine::Json& more, const std::string& words, bool json);

}  // namespace splitwan::scenarios
