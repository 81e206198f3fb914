// One party under a conductor: its thread, its inbox, and what it is doing. Used by the conductor only.
#pragma once

#include <semaphore.h>

#include <deque>
#include <exception>
#include <thread>

#include "engine/party/transport.hh"

namespace splitwan::netsim {

using engine::Nanos;
using engine::PartyId;

// Thrown through a party that must end because another one failed. Not an engine::Error: nobody may handle
// it.
struct Cancelled {};

// What two threads hand to and fro. POSIX's semaphore sleeps at once; the standard library's yields its core
// a dozen times first, and on a busy machine somebody else's time slice goes by each time.
class Baton {
 public:
  Baton() { sem_init(&semaphore_, 0, 0); }
  ~Baton() { sem_destroy(&semaphore_); }
  Baton(const Baton&) = delete;
  Baton& operator=(const Baton&) = delete;
  void pass() { sem_post(&semaphore_); }
  void take() {
    while (sem_wait(&semaphore_) != 0) {  // a signal came
    }
  }

 private:
  sem_t semaphore_;
};

class Actor {
 public:
  enum class Doing { ready, job, working, waiting, done };

  explicit Actor(PartyId id) : id(id) {}
  Actor(const Actor&) = delete;

  // Conductor's side: starts `main` parked; lets the party run until it parks or ends.
  void start(std::function<void()> main);
  void resume();
  void join();

  // Party's side: hands control back, returns when resumed. Throws Cancelled when told so.
  void park(Doing);

  bool wants(PartyId from) const { return waiting_for == engine::any_party || waiting_for == from; }

  const PartyId id;
  Doing doing = Doing::ready;
  const engine::Work* work = nullptr;  // job: what, and how
  const std::function<void()>* run_job = nullptr;
  Nanos until{};  // working: its end; waiting: the deadline
  PartyId waiting_for = 0;
  std::deque<engine::Arrival> inbox;  // in order of arrival
  bool cancelled = false;
  bool peer_gone = false;    // waiting: nobody is left who could send
  std::exception_ptr error;  // of main, or of the job

 private:
  std::thread thread_;
  Baton to_party_, to_conductor_;
};

}  // namespace splitwan::netsim
