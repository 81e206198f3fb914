#include "engine/serve/door.hh"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio.hpp>

#include "engine/base/error.hh"
#include "engine/net/faults.hh"
#include "engine/serve/refusal.hh"

namespace splitwan::engine {
namespace {

constexpr int most_at_once = 32;                        // then those who are in get their turn
constexpr auto breath = std::chrono::milliseconds(2);   // after as many: a flood gets no more than a share
constexpr auto pause = std::chrono::milliseconds(100);  // when the system cannot take anybody

int spare_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Door::Door(boost::asio::any_io_executor executor, const Endpoint& e, ServerWatch& watch, Called called)
    : watch_(watch),
      called_(std::move(called)),
      listener_(e),
      here_(listener_->address()),
      readable_(executor, listener_->descriptor()),
      timer_(executor),
      spare_(spare_descriptor()) {}

Door::~Door() {
  close();
  if (spare_ >= 0) ::close(spare_);
}

void Door::open() {
  if (!waiting_ && listener_) wait();
}

void Door::close() {
  boost::system::error_code ignored;
  if (readable_.is_open()) {
    readable_.cancel(ignored);
    readable_.release();  // the listener's own
  }
  timer_.cancel();
  listener_.reset();
}

void Door::wait() {
  readable_.async_wait(readable_.wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    if (error || !listener_) return;
    take();
  });
  waiting_ = true;
}

void Door::take() {
  Nanos after{};
  for (int taken = 0; listener_; ++taken) {
    if (taken == most_at_once) {
      after = breath;
      break;
    }
    try {
      if (fails(Fault::accept)) throw Error("{}: nobody can be taken: on order", here_.text());
      auto socket = listener_->accept(Nanos{});
      if (!socket) break;
      called_(std::move(*socket));
    } catch (const std::exception& e) {
      watch_.refused(name_of(Refusal::descriptors));
      watch_.log(Level::warning, e.what());
      turn_away();
      after = pause;
      break;
    }
  }
  if (!listener_) return;
  if (after > Nanos{})
    rest(after);
  else
    wait();
}

void Door::rest(Nanos time) {
  timer_.expires_after(time);
  timer_.async_wait([this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error && listener_) take();
  });
  waiting_ = true;
}

// With the descriptor kept for it: who is turned away at once can try again, who waits unheard cannot.
void Door::turn_away() {
  if (spare_ >= 0) ::close(spare_);
  try {
    for (int i = 0; i < most_at_once && listener_ && listener_->accept(Nanos{}); ++i) {  // and closed
    }
  } catch (const std::exception&) {  // somebody else took it
  }
  spare_ = spare_descriptor();
}

}  // namespace splitwan::engine
