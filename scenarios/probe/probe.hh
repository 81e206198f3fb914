// What the path to a server carries, measured against that server in some seconds.
#pragma once

#include "engine/net/stream.hh"
#include "scenarios/imports/probed_path.hh"

namespace splitwan::scenarios {

struct ProbeTerms {
  std::string token = {};                                               // that the server asks for; "" = none
  engine::Nanos pings = std::chrono::milliseconds(1200), fill = pings;  // for so long, either way
  engine::Nanos rest = std::chrono::milliseconds(2000);  // before the window is looked at again
  engine::Nanos patience = std::chrono::seconds(30);     // for all of it
  std::function<void(const std::string& what)> progress = [](const std::string&) {};
};

// Throws Error naming the server when it does not answer, or wants no probes.
ProbedPath probe_path(const engine::Endpoint&, const engine::MakeStream&, const ProbeTerms& = {});

}  // namespace splitwan::scenarios
