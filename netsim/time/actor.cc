#include "netsim/time/actor.hh"

namespace splitwan::netsim {

void Actor::start(std::function<void()> main) {
  thread_ = std::thread([this, main = std::move(main)] {
    to_party_.acquire();
    try {
      if (!cancelled) main();
    } catch (const Cancelled&) {
    } catch (...) {
      error = std::current_exception();
    }
    doing = Doing::done;
    to_conductor_.release();
  });
}

void Actor::resume() {
  to_party_.release();
  to_conductor_.acquire();
}

void Actor::park(Doing what) {
  doing = what;
  to_conductor_.release();
  to_party_.acquire();
  if (cancelled) throw Cancelled{};
  doing = Doing::ready;
}

void Actor::join() { thread_.join(); }

}  // namespace splitwan::netsim
