#include "scenarios/commands/engine/ready.hh"

#include <fmt/format.h>

#include <cstdio>

#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

void say_ready(const engine::Endpoint& here, const engine::Json& more, const std::string& words, bool json) {
  engine::Json ready = {{"schema_version", 1}};
  if (here.is_unix()) {
    ready["path"] = here.path;
  } else {
    ready["host"] = here.host;
    ready["port"] = here.port;
  }
  ready.update(more);
  fmt::print("{}\n", json ? ready.dump() : words);
  std::fflush(stdout);
}

}  // namespace splitwan::scenarios
