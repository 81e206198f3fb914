// Runs ns-3 in exact steps: up to and including an instant, or until all of the present instant has happened.
#pragma once

#include <ns3/event-id.h>
#include <ns3/nstime.h>

namespace splitwan::netsim::sim {

class Stepper {
 public:
  Stepper();  // before any other use of ns-3's Simulator

  // Everything up to and including `until` happens, unless halt_after_now is called on the way.
  // A time beyond ns-3's own clock means: until no event is left.
  void run(ns3::Time until);

  // From within an event: the run ends once everything else of this instant has happened.
  void halt_after_now();

 private:
  void settle();

  ns3::EventId stop_;  // at most one is pending, so that settle() cannot chase another of its kind
};

}  // namespace splitwan::netsim::sim
