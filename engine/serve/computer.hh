// The one computing thread: what sessions have asked waits here, and goes through the layers together.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "engine/base/json.hh"
#include "engine/party/tcp_sample.hh"
#include "engine/serve/served.hh"
#include "engine/serve/turns.hh"
#include "engine/serve/watch.hh"

namespace splitwan::engine {

using SessionId = std::uint64_t;

// A message of a session, with when it came.
struct Job {
  Message request;  // a hello opens what the session has here
  Nanos at{};
  TcpSample tcp = {};
  std::uint32_t retransmits = 0;  // of ours, on the way there, since the one before
  bool queued = false;            // it came before the last one was answered
};

struct Done {
  SessionId session = 0;
  Header asked;  // its request's, when it came and what the connection was like
  Nanos at{};
  TcpSample tcp = {};
  std::uint32_t retransmits = 0;
  bool last = true;               // else more is to come of the same request
  std::uint64_t bytes = 0;        // of the request, if this is the last
  std::optional<Message> reply;   // of a hello: what the welcome says, in `welcome`
  std::string welcome;            // JSON, "" = nothing
  std::string refusal;            // not empty: the session is over here
  std::uint64_t cache_bytes = 0;  // of the session from now on
};

class Computer {
 public:
  // `done` is called on the computing thread whenever collect() has something new. `prepare` runs on it
  // first. Throws Error when the thread cannot be started.
  Computer(const Served&, const TurnTerms&, ServerWatch&, std::function<void()> prepare,
           std::function<void()> done);
  ~Computer();  // what is being computed is finished; the rest is dropped

  // From one thread, all of these.
  void begin(SessionId, const std::string& source);
  void ask(SessionId, Job);
  void hold(SessionId, bool);  // held: not computed for, as long as its client does not read
  struct Dropped {
    int messages = 0;
    std::uint32_t numbered = 0;  // of those
    std::uint64_t bytes = 0;
  };
  Dropped drop_waiting(SessionId);  // what is not begun
  bool evict(SessionId);            // forgets its cache, unless it is in use just now
  void forget(SessionId);           // the session, at once: or as soon as the call under way is over
  std::list<Done> collect();
  std::uint64_t waiting() const;  // requests that nobody works on

 private:
  struct Lane {
    std::string source;
    std::unique_ptr<ServedSession> served;
    std::deque<Job> jobs;  // the first may be begun
    std::uint32_t rows_left = 0;
    bool begun = false, in_call = false, held = false;
    bool over = false;  // refused: computed for no more
    bool forgotten = false;
  };
  struct Seat;
  void run(const std::function<void()>& prepare);
  std::vector<Seat> next();
  void open(Seat&);
  void answer(std::span<Seat>);
  void finish(Seat&, Nanos cost) noexcept;

  const Served& served_;
  ServerWatch& watch_;
  const std::function<void()> done_;
  mutable std::mutex mutex_;  // all that follows
  std::condition_variable changed_;
  Turns turns_;
  std::map<SessionId, Lane> lanes_;
  std::list<Done> finished_;  // spliced: what is computed is not lost for want of memory
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace splitwan::engine
