// splitwan-sim processes that wait for another simulation: starting one costs more than many a run in it.
#pragma once

#include <memory>
#include <string>

#include "netsim/ns3/child_process.hh"

namespace splitwan::netsim {

// One that waits, or nothing. It runs the program at `path` and was put back by this process.
std::unique_ptr<LinePeer> take_idle(const std::string& path);

// Only one that is known to be in order. More than a machine has use for are ended.
void put_idle(std::unique_ptr<LinePeer> process);

}  // namespace splitwan::netsim
