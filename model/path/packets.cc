#include "model/path/packets.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::model {

Packets::Packets(const Setup& s, std::uint64_t seed, bool chance)
    : ends_{{s.tcp, s.tcp.initial_window, s.segment_bytes, s.up.delay + s.down.delay},
            {s.tcp, s.tcp.initial_window, s.segment_bytes, s.up.delay + s.down.delay}},
      links_{{s.up, seed, 0}, {s.down, seed, 1}} {
  for (engine::LinkModel& link : links_) link.start(Nanos{}, chance);
}

void Packets::post(Nanos at, bool down, std::uint64_t bytes) {
  auto place = posted_.end();
  while (place != posted_.begin() && std::prev(place)->at > at) --place;
  posted_.insert(place, {std::max(at, now_), down, bytes});
}

void Packets::wait_until(Nanos t) {
  while (step(t)) {
  }
  now_ = std::max(now_, t);
}

Packets::Delivered Packets::next() {
  for (;;) {
    for (const int way : {0, 1}) {
      if (expected_[way].empty() || ends_[1 - way].arrived() < expected_[way].front()) continue;
      expected_[way].pop_front();
      return {way == 1, delivered_[way]++};
    }
    if (!step(Endpoint::never)) throw engine::Error("the path came to rest with messages under way");
  }
}

// What an end has sent goes on its link.
void Packets::take(int from) {
  for (const Packet& p : ends_[from].out) {
    const engine::LinkModel::Fate fate = links_[from].offer(now_, p.size());
    if (fate.end != engine::LinkModel::Fate::delivered) continue;
    auto place = flying_[from].end();
    while (place != flying_[from].begin() && std::prev(place)->at > fate.arrival) --place;
    flying_[from].insert(place, {fate.arrival, p});
  }
  ends_[from].out.clear();
}

// One thing happens, not later than the limit. False: nothing does.
bool Packets::step(Nanos limit) {
  enum { nothing, arrival_up, arrival_down, post, timer_client, timer_server } what = nothing;
  Nanos at = Endpoint::never;
  const auto consider = [&](Nanos t, auto kind) {
    if (t < at) at = t, what = kind;
  };
  if (!flying_[0].empty()) consider(flying_[0].front().at, arrival_up);
  if (!flying_[1].empty()) consider(flying_[1].front().at, arrival_down);
  if (!posted_.empty()) consider(posted_.front().at, post);
  consider(ends_[0].next_timer(), timer_client);
  consider(ends_[1].next_timer(), timer_server);
  if (what == nothing || at > limit) return false;
  now_ = std::max(now_, at);
  switch (what) {
    case arrival_up:
    case arrival_down: {
      const int way = what == arrival_up ? 0 : 1, to = 1 - way;
      const Packet packet = flying_[way].front().packet;
      flying_[way].pop_front();
      ends_[to].receive(now_, packet);
      take(to);
      break;
    }
    case post: {
      const Posted p = posted_.front();
      posted_.pop_front();
      const int way = p.down ? 1 : 0;
      handed_[way] += p.bytes;
      expected_[way].push_back(handed_[way]);
      ends_[way].post(now_, p.bytes);
      take(way);
      break;
    }
    case timer_client:
    case timer_server: {
      const int end = what == timer_client ? 0 : 1;
      ends_[end].on_timer(now_);
      take(end);
      break;
    }
    case nothing:
      break;
  }
  return true;
}

}  // namespace splitwan::model
