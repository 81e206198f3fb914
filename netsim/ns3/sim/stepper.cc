#include "netsim/ns3/sim/stepper.hh"

#include <ns3/map-scheduler.h>
#include <ns3/object-factory.h>
#include <ns3/simulator.h>

#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim::sim {
namespace {

using ns3::MilliSeconds;
using ns3::Simulator;
using ns3::Time;

// ns-3 has no public way to ask when the next event is due. Its scheduler knows, and may be replaced.
class PeekableScheduler : public ns3::MapScheduler {
 public:
  static ns3::TypeId GetTypeId() {
    static ns3::TypeId id = ns3::TypeId("splitwan::PeekableScheduler")
                                .SetParent<ns3::MapScheduler>()
                                .AddConstructor<PeekableScheduler>();
    return id;
  }
  PeekableScheduler() { current_ = this; }

  static bool more_due_now() {
    return !current_->IsEmpty() &&
           current_->PeekNext().key.m_ts <= static_cast<std::uint64_t>(Simulator::Now().GetTimeStep());
  }

 private:
  static inline PeekableScheduler* current_ = nullptr;  // ns-3's simulator is a singleton
};

}  // namespace

Stepper::Stepper() {
  ns3::ObjectFactory factory;
  factory.SetTypeId(PeekableScheduler::GetTypeId());
  Simulator::SetScheduler(factory);
}

void Stepper::run(Time until) {
  if (until.GetNanoSeconds() < sim_forever)
    stop_ = Simulator::Schedule(until - Simulator::Now(), &Stepper::settle, this);
  Simulator::Run();
  Simulator::Remove(stop_);
}

void Stepper::halt_after_now() {
  if (stop_.IsRunning() && stop_.GetTs() == static_cast<std::uint64_t>(Simulator::Now().GetTimeStep()))
    return;
  Simulator::Remove(stop_);
  stop_ = Simulator::ScheduleNow(&Stepper::settle, this);
}

void Stepper::settle() {
  if (PeekableScheduler::more_due_now())
    stop_ = Simulator::ScheduleNow(&Stepper::settle, this);  // behind what is due
  else
    Simulator::Stop();
}

}  // namespace splitwan::netsim::sim
