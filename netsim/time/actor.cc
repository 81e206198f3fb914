#include "netsim/time/actor.hh"

namespace splitwan::netsim {

void Actor::start(std::function<void()> main) {
  thread_ = std::thread([this, main = std::move(main)] {
    to_party_.take();
    try {
      if (!cancelled) main();
    } catch (const Cancelled&) {
    } catch (...) {
      error = std::current_exception();
    }
    doing = Doing::done;
    to_conductor_.pass();
  });
}

void Actor::resume() {
  to_party_.pass();
  to_conductor_.take();
}

void Actor::park(Doing what) {
  doing = what;
  to_conductor_.pass();
  to_party_.take();
  if (cancelled) throw Cancelled{};
  doing = Doing::ready;
}

void Actor::join() { thread_.join(); }

}  // namespace splitwan::netsim
