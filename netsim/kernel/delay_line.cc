#include "netsim/kernel/delay_line.hh"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.hh"

namespace splitwan::netsim {
namespace {

// A sleeping thread wakes that late, most of the time: so it wakes earlier and spins.
constexpr LinkTime spin = std::chrono::microseconds(40);
// A real-time thread that never sleeps is stopped for 50 ms in every second (sched_rt_runtime_us).
constexpr LinkTime period = std::chrono::milliseconds(200);
constexpr int sleep_one_in = 8;
constexpr std::uint32_t framing = 2;  // PPP's, as in ns-3's links

LinkTime now() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

bool become_realtime(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  return pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters) == 0;
}

DelayLine::DelayLine(File client, File server, const LinkPair& pair, std::uint64_t seed)
    : client_(std::move(client)),
      server_(std::move(server)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      up_(pair.up, seed, 0),
      down_(pair.down, seed, 1),
      started_(now()),
      buffer_(65536) {
  up_.from = down_.to = client_.get();
  up_.to = down_.from = server_.get();
  up_.link.start(started_, true);
  down_.link.start(started_, true);
  thread_ = std::thread([this] { carry(); });
}

DelayLine::~DelayLine() {
  stop_ = true;
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

LinkReport DelayLine::report() {
  const std::lock_guard lock(mutex_);
  return {now() - started_, lateness_.summary(), up_.link.counts(), down_.link.counts(), realtime_};
}

void DelayLine::start_of_report() {
  const std::lock_guard lock(mutex_);
  lateness_ = {};
}

void DelayLine::carry() {
  realtime_ = become_realtime(link_priority);
  prctl(PR_SET_TIMERSLACK, 1);  // ns; the default of 50 us counts where SCHED_FIFO is refused
  while (!stop_) {
    // One packet each way in turn: a burst in one direction must not delay the other's.
    const bool moved[] = {release(up_), release(down_), take(up_), take(down_)};
    if (std::none_of(std::begin(moved), std::end(moved), [](bool m) { return m; })) wait();
  }
}

bool DelayLine::take(Direction& way) {
  const ssize_t bytes = read(way.from, buffer_.data(), buffer_.size());
  if (bytes <= 0) return false;
  if ((buffer_[0] & 0xf0) != 0x40) return true;  // IPv4 only: nothing of ours is anything else
  LinkModel::Fate fate;
  {
    const std::lock_guard lock(mutex_);
    fate = way.link.offer(now(), static_cast<std::uint32_t>(bytes) + framing);
  }
  if (fate.end == LinkModel::Fate::delivered)
    way.waiting.emplace_hint(way.waiting.end(), fate.arrival,
                             Packet(buffer_.begin(), buffer_.begin() + bytes));
  return true;
}

bool DelayLine::release(Direction& way) {
  const auto next = way.waiting.begin();
  if (next == way.waiting.end()) return false;
  const LinkTime late = now() - next->first;
  if (late < LinkTime{}) return false;
  // Carries the packet through the receiver's kernel before it returns.
  while (write(way.to, next->second.data(), next->second.size()) < 0 && errno == EINTR) {
  }
  way.waiting.erase(next);
  const std::lock_guard lock(mutex_);
  lateness_.add(late);
  return true;
}

void DelayLine::wait() {
  LinkTime next = LinkTime::max();
  for (const Direction* way : {&up_, &down_})
    if (!way->waiting.empty()) next = std::min(next, way->waiting.begin()->first);
  pollfd files[] = {{client_.get(), POLLIN, 0}, {server_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  const LinkTime start = now();
  if (start - period_ > period) {
    period_ = start;
    slept_ = {};
  }
  const bool must_sleep = slept_ < (start - period_) / sleep_one_in;
  const LinkTime left = next == LinkTime::max() ? next : next - start - (must_sleep ? LinkTime{} : spin);
  if (left <= LinkTime{}) return;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{whole.count(), (left - whole).count()};
  ppoll(files, 3, next == LinkTime::max() ? nullptr : &timeout, nullptr);
  slept_ += now() - start;
}

}  // namespace splitwan::netsim
