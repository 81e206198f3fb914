#include "engine/serve/computer.hh"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include "engine/base/error.hh"
#include "engine/net/faults.hh"

namespace splitwan::engine {
namespace {

constexpr int most_hellos = 1;  // in one turn: others wait behind the steps of those who are in

Nanos ticks() { return std::chrono::steady_clock::now().time_since_epoch(); }

// In few enough characters to need no memory where there is none.
std::string reason_of(const std::exception& e) {
  return dynamic_cast<const std::bad_alloc*>(&e) ? std::string("out of memory") : std::string(e.what());
}

}  // namespace

// One that is in the call under way.
struct Computer::Seat {
  Lane* lane;
  const Job* job;  // its first, which stays where it is while others come in behind it
  bool hello;
  Asked asked;
  std::list<Done> result;  // one: made before anything is computed

  Done& done() { return result.front(); }
};

Computer::Computer(const Served& served, const TurnTerms& terms, ServerWatch& watch,
                   std::function<void()> prepare, std::function<void()> done)
    : served_(served), watch_(watch), done_(std::move(done)), turns_(terms) {
  try {
    if (fails(Fault::thread_start))
      throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
    thread_ = std::thread([this, prepare = std::move(prepare)] { run(prepare); });
  } catch (const std::system_error& e) {
    throw Error("the computing thread cannot be started: {}", e.what());
  }
}

Computer::~Computer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Computer::begin(SessionId id, const std::string& source) {
  const std::lock_guard lock(mutex_);
  lanes_[id].source = source;
}

void Computer::ask(SessionId id, Job job) {
  {
    const std::lock_guard lock(mutex_);
    Lane& lane = lanes_.at(id);
    job.queued = !lane.jobs.empty();
    lane.jobs.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Computer::hold(SessionId id, bool held) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto lane = lanes_.find(id); lane != lanes_.end()) lane->second.held = held;
  }
  changed_.notify_one();
}

Computer::Dropped Computer::drop_waiting(SessionId id) {
  const std::lock_guard lock(mutex_);
  Dropped dropped;
  const auto found = lanes_.find(id);
  if (found == lanes_.end()) return dropped;
  Lane& lane = found->second;
  const std::size_t stay = lane.begun || lane.in_call ? 1 : 0;
  while (lane.jobs.size() > stay && lane.jobs.back().request.header.kind != Kind::hello) {
    const Message& last = lane.jobs.back().request;
    ++dropped.messages;
    dropped.numbered += last.header.seq != 0;
    dropped.bytes += wire_size(last);
    lane.jobs.pop_back();
  }
  return dropped;
}

bool Computer::evict(SessionId id) {
  std::unique_ptr<ServedSession> evicted;  // outlives the lock
  const std::lock_guard lock(mutex_);
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end() || lane->second.in_call || !lane->second.jobs.empty()) return false;
  evicted = std::move(lane->second.served);
  return true;
}

void Computer::forget(SessionId id) {
  std::map<SessionId, Lane>::node_type forgotten;
  const std::lock_guard lock(mutex_);
  const auto lane = lanes_.find(id);
  if (lane == lanes_.end()) return;
  if (lane->second.in_call)
    lane->second.forgotten = true;
  else
    forgotten = lanes_.extract(lane);
  turns_.forget(id);
}

std::list<Done> Computer::collect() {
  const std::lock_guard lock(mutex_);
  return std::exchange(finished_, {});
}

std::uint64_t Computer::waiting() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  for (const auto& [id, lane] : lanes_) count += lane.jobs.size() - (lane.in_call ? 1 : 0);
  return count;
}

void Computer::run(const std::function<void()>& prepare) {
  try {
    if (prepare) prepare();
  } catch (const std::exception& e) {
    watch_.log(Level::error, e.what());
  }
  while (true) {
    std::vector<Seat> seats;
    try {
      std::unique_lock lock(mutex_);
      while (!ending_ && (seats = next()).empty()) changed_.wait(lock);
      if (ending_) return;
      for (Seat& seat : seats) seat.lane->in_call = true;
    } catch (const std::exception& e) {  // nothing has been touched yet
      watch_.log(Level::error, e.what());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    for (Seat& seat : seats)
      if (seat.asked.request) watch_.waited(ticks() - seat.job->at);
    for (Seat& seat : seats)
      if (seat.hello) open(seat);
    const auto requests =
        std::partition(seats.begin(), seats.end(), [](const Seat& seat) { return seat.hello; });
    answer(std::span(requests, seats.end()));
    try {
      done_();
    } catch (const std::exception&) {  // the server looks again before long
    }
  }
}

// Who is next, and all that is needed to hand out what comes of it. Under the lock.
std::vector<Computer::Seat> Computer::next() {
  std::vector<Turns::Waiting> waiting;
  std::vector<std::map<SessionId, Lane>::value_type*> lanes;
  for (auto& named : lanes_) {
    Lane& lane = named.second;
    if (lane.held || lane.over || lane.jobs.empty()) continue;
    const std::uint32_t rows = lane.begun ? lane.rows_left : lane.jobs.front().request.header.rows;
    const Job& first = lane.jobs.front();
    waiting.push_back({named.first, &lane.source, rows, first.queued || lane.jobs.size() > 1, first.at,
                       first.request.header.rows});
    lanes.push_back(&named);
  }
  std::vector<Seat> seats;
  int hellos = 0;
  if (waiting.empty()) return seats;
  for (const Turns::Pick& pick : turns_.next(waiting, ticks())) {
    auto& [id, lane] = *lanes[pick.which];
    const Job& job = lane.jobs.front();
    const bool hello = job.request.header.kind == Kind::hello;
    if (hello && ++hellos > most_hellos) continue;
    Seat& seat = seats.emplace_back(Seat{&lane, &job, hello, {}, std::list<Done>(1)});
    seat.asked.session = lane.served.get();
    seat.asked.request = lane.begun ? nullptr : &job.request;
    seat.asked.rows = pick.rows;
    seat.done().session = id;
    if (!lane.begun) lane.rows_left = std::max(1u, job.request.header.rows);
  }
  return seats;
}

void Computer::open(Seat& seat) {
  const Nanos begun = ticks();
  try {
    Json welcome = Json::object();
    auto opened = served_.open(seat.job->request, welcome);
    if (!welcome.empty()) seat.done().welcome = welcome.dump();
    seat.lane->served = std::move(opened);  // nobody else looks at it during a call
  } catch (const std::exception& e) {
    seat.done().refusal = reason_of(e);
  }
  finish(seat, ticks() - begun);
}

void Computer::answer(std::span<Seat> seats) {
  if (seats.empty()) return;
  const Nanos begun = ticks();
  ServedPhases phases;
  int rows = 0;
  for (const Seat& seat : seats) rows += seat.asked.rows;
  try {
    std::vector<Asked> asked;
    asked.reserve(seats.size());
    for (Seat& seat : seats) asked.push_back(seat.asked);
    phases = served_.answer(asked);
    for (std::size_t i = 0; i < seats.size(); ++i) seats[i].asked = std::move(asked[i]);
  } catch (const std::exception& e) {
    for (Seat& seat : seats) seat.asked.refusal = reason_of(e);
  }
  const Nanos cost = ticks() - begun;
  watch_.computed(phases, static_cast<std::uint32_t>(seats.size()));
  {
    const std::lock_guard lock(mutex_);
    turns_.called(rows, cost);
  }
  for (Seat& seat : seats) finish(seat, cost * seat.asked.rows / rows);
}

void Computer::finish(Seat& seat, Nanos cost) noexcept {
  std::map<SessionId, Lane>::node_type forgotten;  // its cache goes after the lock
  std::optional<Job> through;
  Done& done = seat.done();
  Lane& lane = *seat.lane;
  if (!seat.hello) {
    done.refusal = std::move(seat.asked.refusal);
    done.reply = std::move(seat.asked.reply);
  }
  if (lane.served) done.cache_bytes = lane.served->bytes();
  const bool more = seat.asked.more && done.refusal.empty();
  const std::lock_guard lock(mutex_);
  lane.in_call = false;
  try {
    if (!lane.forgotten) turns_.took(done.session, lane.source, cost, ticks());
  } catch (const std::bad_alloc&) {  // once for nothing, then
  }
  if (lane.forgotten) {
    forgotten = lanes_.extract(done.session);
    return;
  }
  lane.begun = more;
  lane.over = !done.refusal.empty();
  if (more)
    lane.rows_left -=
        std::min<std::uint32_t>(lane.rows_left - 1, static_cast<std::uint32_t>(seat.asked.rows));
  if (more && !done.reply) return;
  Job& job = lane.jobs.front();
  done.at = job.at;
  done.tcp = job.tcp;
  done.retransmits = std::exchange(job.retransmits, 0);
  done.last = !more;
  if (!more) {
    done.bytes = wire_size(job.request);
    through = std::move(job);
    lane.jobs.pop_front();
    done.asked = std::move(through->request.header);
  } else {
    done.asked.kind = job.request.header.kind;
    done.asked.seq = job.request.header.seq;
  }
  finished_.splice(finished_.end(), seat.result);
}

}  // namespace splitwan::engine
