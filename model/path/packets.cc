#include "model/path/packets.hh"

#include <algorithm>

#include "engine/base/error.hh"

namespace splitwan::model {

namespace {

Endpoint end_on(const Setup& s) {
  return {s.tcp, s.tcp.initial_window, s.segment_bytes, s.up.delay + s.down.delay};
}

}  // namespace

Packets::Packets(const Setup& s, std::uint64_t seed, bool chance)
    : ends_{end_on(s), end_on(s)}, links_{{s.up, seed, 0}, {s.down, seed, 1}}, sessions_(s.sessions) {
  for (engine::LinkModel& link : links_) link.start(Nanos{}, chance);
  if (!chance || sessions_.count == 0) return;
  for (const Nanos first : engine::first_requests(sessions_, s.up.delay + s.down.delay, seed, 0))
    others_.push_back({{end_on(s), end_on(s)}, first});
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

// A message that is there and was not told yet.
std::optional<Packets::Delivered> Packets::whole() {
  for (const int way : {0, 1}) {
    if (expected_[way].empty() || ends_[1 - way].arrived() < expected_[way].front()) continue;
    expected_[way].pop_front();
    return Delivered{way == 1, delivered_[way]++};
  }
  return {};
}

Packets::Delivered Packets::next() {
  if (const auto delivered = next(Endpoint::never)) return *delivered;
  throw engine::Error("the path came to rest with messages under way");
}

std::optional<Packets::Delivered> Packets::next(Nanos limit) {
  for (;;) {
    if (const auto delivered = whole()) return delivered;
    if (!step(limit)) return {};
  }
}

Nanos Packets::due() const {
  Nanos at = std::min(ends_[0].next_timer(), ends_[1].next_timer());
  for (const auto& flying : flying_)
    if (!flying.empty()) at = std::min(at, flying.front().at);
  if (!posted_.empty()) at = std::min(at, posted_.front().at);
  for (const Session& other : others_) at = std::min(at, other.next());
  return at;
}

// What an end has sent goes on its link.
void Packets::take(std::size_t whose, int from) {
  Endpoint& end = end_of(whose, from);
  for (const Packet& p : end.out) {
    const engine::LinkModel::Fate fate = links_[from].offer(now_, p.size());
    if (fate.end != engine::LinkModel::Fate::delivered) continue;
    auto place = flying_[from].end();
    while (place != flying_[from].begin() && std::prev(place)->at > fate.arrival) --place;
    flying_[from].insert(place, {fate.arrival, whose, p});
  }
  end.out.clear();
}

// One thing happens, not later than the limit. False: nothing does.
bool Packets::step(Nanos limit) {
  enum { nothing, arrival_up, arrival_down, post, timer_client, timer_server, another } what = nothing;
  Nanos at = Endpoint::never;
  std::size_t whose = ours;
  const auto consider = [&](Nanos t, auto kind) {
    if (t < at) at = t, what = kind;
  };
  if (!flying_[0].empty()) consider(flying_[0].front().at, arrival_up);
  if (!flying_[1].empty()) consider(flying_[1].front().at, arrival_down);
  if (!posted_.empty()) consider(posted_.front().at, post);
  consider(ends_[0].next_timer(), timer_client);
  consider(ends_[1].next_timer(), timer_server);
  for (std::size_t i = 0; i < others_.size(); ++i) {
    if (const Nanos next = others_[i].next(); next < at) at = next, what = another, whose = i;
  }
  if (what == nothing || at > limit) return false;
  now_ = std::max(now_, at);
  switch (what) {
    case arrival_up:
      arrive(0);
      break;
    case arrival_down:
      arrive(1);
      break;
    case post: {
      const Posted p = posted_.front();
      posted_.pop_front();
      const int way = p.down ? 1 : 0;
      handed_[way] += p.bytes;
      expected_[way].push_back(handed_[way]);
      ends_[way].post(now_, p.bytes);
      take(ours, way);
      break;
    }
    case timer_client:
    case timer_server: {
      const int end = what == timer_client ? 0 : 1;
      ends_[end].on_timer(now_);
      take(ours, end);
      break;
    }
    case another:
      act(whose);
      break;
    case nothing:
      break;
  }
  return true;
}

void Packets::arrive(int way) {
  const Flying f = flying_[way].front();
  flying_[way].pop_front();
  const int to = 1 - way;
  Endpoint& end = end_of(f.whose, to);
  end.receive(now_, f.packet);
  take(f.whose, to);
  if (f.whose == ours) return;
  Session& s = others_[f.whose];
  const bool whole =
      s.acts_at == Endpoint::never && s.replies == (way == 0) && end.arrived() == s.ends[way].posted();
  if (whole) s.acts_at = now_ + (s.replies ? sessions_.held : sessions_.pause);
}

// What is due of another session: a message, or a timer.
void Packets::act(std::size_t i) {
  Session& s = others_[i];
  if (s.acts_at <= now_) {
    const int way = s.replies ? 1 : 0;
    s.ends[way].post(now_, s.replies ? sessions_.down : sessions_.up);
    s.replies = !s.replies;
    s.acts_at = Endpoint::never;
    take(i, way);
    return;
  }
  for (const int end : {0, 1}) {
    if (s.ends[end].next_timer() > now_) continue;
    s.ends[end].on_timer(now_);
    take(i, end);
    return;
  }
}

}  // namespace splitwan::model
