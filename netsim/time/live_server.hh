// A live run's trace holds the client alone: its server, as far as the client saw it.
#pragma once

#include "engine/party/trace.hh"

namespace splitwan::netsim {

// Runs that have a server's spans, and those without messages, stay as they are. Else each request is
// received, worked on for as long as its answer says it was held, and answered. Answers of one step that
// follow each other (a prompt's chunks) were held while the one before was worked on: of these the time
// between the two counts, where it is shorter. Instants stay the client's.
engine::Run with_its_server(engine::Run run);

}  // namespace splitwan::netsim
