#include "model/path/connection.hh"

#include <cmath>

#include "engine/base/types.hh"
#include "model/path/link.hh"
#include "model/path/random.hh"

namespace splitwan::model {
namespace {

using engine::Exchange;
using engine::LinkSpec;
using engine::seconds;

// What client and server say first (engine/split/hello.cc): a packet each.
constexpr std::uint64_t hello_bytes = 267, welcome_bytes = 64;

Nanos nanos(double s) { return Nanos(std::llround(s * 1e9)); }

// Narrower rows may leave less than nothing of a message: it is still sent.
std::uint64_t size_of(double bytes) { return static_cast<std::uint64_t>(std::max(1.0, bytes)); }

LinkSpec link_of(const LinkSpec& rest, double rtt_s, double bps, double loss, double jitter_s) {
  LinkSpec link = rest;
  link.delay = nanos(rtt_s / 2);
  link.bits_per_second = std::isinf(bps) ? 0 : bps;
  link.loss = loss;
  if (jitter_s > 0) {
    if (link.jitter.law == engine::JitterLaw::none) link.jitter.law = engine::JitterLaw::exponential;
    link.jitter.scale = nanos(jitter_s);
  }
  return link;
}

// On links that others use, when they do is chance's.
bool shared(const Setup& s) {
  return s.sessions.count > 0 || s.up.cross.bits_per_second > 0 || s.down.cross.bits_per_second > 0;
}

bool has_chance(const LinkSpec& link) {
  const auto any = [](const engine::LinkState& s) {
    return s.loss > 0 || s.bursts.to_bad > 0 || s.jitter.law != engine::JitterLaw::none;
  };
  bool found = any(link);
  for (const engine::LinkChange& change : link.schedule) found = found || any(change.link);
  return found;
}

}  // namespace

Setup setup_of(const Condition& c, double initial_window) {
  Setup s;
  s.up = link_of(c.details.up(), c.rtt_s, c.up_bps, c.loss_up(), c.jitter_up_s());
  s.down = link_of(c.details.down(), c.rtt_s, c.down_bps, c.loss_down(), c.jitter_down_s());
  if (const engine::TcpSpec* tcp = c.details.tcp()) {
    s.tcp = *tcp;
    engine::resolve_queues(s.up, nanos(c.rtt_s));
    engine::resolve_queues(s.down, nanos(c.rtt_s));
  } else {
    s.tcp.initial_window = static_cast<std::uint32_t>(initial_window);
    if (c.live) s.tcp.recovery = "rack";  // the kernel's
  }
  s.segment_bytes = engine::segment_bytes(s.tcp, {&s.up, &s.down});
  s.sessions = c.details.sessions();
  return s;
}

Connection::Connection(const Condition& condition, double initial_window, const Chance& chance, Worlds worlds)
    : setup_(setup_of(condition, initial_window)),
      chance_(chance),
      wire_rate_{condition.up_bps, condition.down_bps},
      by_chance_(has_chance(setup_.up) || has_chance(setup_.down) || shared(setup_)),
      plain_{Packets(setup_, worlds.seed, false)} {
  const auto varies = [](const WorkNoise* noise) { return noise && !noise->none(); };
  const bool noisy = varies(worlds.noise) || varies(worlds.prompt_noise);
  for (std::size_t i = 0; i < worlds.many && (by_chance_ || noisy); ++i) {
    worlds_.push_back({Packets(setup_, worlds.seed + i, by_chance_)});
    worlds_.back().random.seed(worlds.seed + i);
    if (worlds.noise) worlds_.back().noise[0] = NoiseStream(*worlds.noise);
    if (worlds.prompt_noise) worlds_.back().noise[1] = NoiseStream(*worlds.prompt_noise);
  }
  plain_.packets.post({}, false, hello_bytes);
  for (World& w : worlds_) w.packets.post({}, false, hello_bytes);
}

double Connection::follow(World& w, std::span<const Exchange> all) {
  const Nanos begin = w.now;
  double worked_s = all.back().held_s;
  for (const Exchange& e : all) {
    w.now += nanos(e.lead_s);
    worked_s += e.lead_s + e.tail_s;
    w.packets.post(w.now, false, size_of(e.bytes_up));
  }
  Nanos server_free{};
  for (std::size_t answered = 0; answered < all.size();) {
    const Packets::Delivered d = w.packets.next();
    const Nanos now = w.packets.now();
    if (!d.down && d.message == 0) w.packets.post(now, true, welcome_bytes);
    if (d.message == 0) continue;
    const Exchange& e = all[d.message - 1 - w.exchanged];
    if (!d.down) {
      server_free = std::max(server_free, now) + nanos(e.held_s);
      w.packets.post(server_free, true, size_of(e.bytes_down));
    } else {
      w.now = std::max(w.now, now) + nanos(e.tail_s);
      ++answered;
    }
  }
  w.exchanged += all.size();
  return seconds(w.now - begin) - worked_s;
}

Connection::News Connection::news(World& w) const {
  std::uint64_t resent = 0, timeouts = 0;
  for (const bool server : {false, true}) {
    resent += w.packets.end(server).sent_again();
    timeouts += w.packets.end(server).timeouts();
  }
  const News fresh{resent - w.resent, timeouts - w.timeouts};
  w.resent = resent;
  w.timeouts = timeouts;
  return fresh;
}

std::vector<Exchange> Connection::varied(World& w, std::span<const Exchange> all, bool prompt) {
  std::vector<Exchange> found(all.begin(), all.end());
  for (Exchange& e : found) {
    const double work_s = e.lead_s + e.held_s + e.tail_s, more_s = w.noise[prompt].next(w.random);
    if (!(work_s > 0)) continue;
    const double times = std::max(0.0, 1 + more_s / work_s);
    e.lead_s *= times, e.held_s *= times, e.tail_s *= times;
  }
  return found;
}

Waits Connection::exchange(std::span<const Exchange> all, bool prompt) {
  Waits waits;
  by_world_.clear();
  const double plain_s = follow(plain_, all);
  const Exchange& last = all.back();
  waits.wire_s = wire_s(last.bytes_up, wire_rate_[0]) + wire_s(last.bytes_down, wire_rate_[1]);
  waits.rtt_s = plain_s - waits.wire_s;
  waits.resent = static_cast<double>(news(plain_).resent);
  if (worlds_.empty()) {
    by_world_ = {plain_s};
    return waits;
  }
  struct Sum {
    double more_s = 0, worlds = 0;
  } calm, found, timed_out;
  waits.resent = 0;
  for (World& w : worlds_) {
    const double world_s = follow(w, varied(w, all, prompt));
    const News n = news(w);
    by_world_.push_back(world_s);
    waits.resent += static_cast<double>(n.resent);
    Sum& sum = n.resent == 0 ? calm : n.timeouts == 0 ? found : timed_out;
    sum.more_s += world_s - plain_s;
    ++sum.worlds;
  }
  const double share = 1 / static_cast<double>(worlds_.size());
  waits.resent *= share;
  if (!by_chance_) {  // work that varies may fall on either side of a timeout
    waits.rtt_s += share * (calm.more_s + found.more_s + timed_out.more_s);
    return waits;
  }
  // What comes without a loss in this step is jitter's or other traffic's; without these, a window's that an
  // earlier loss has closed.
  const auto varies = [](const LinkSpec& link) { return link.jitter.law != engine::JitterLaw::none; };
  const bool jitters = varies(setup_.up) || varies(setup_.down) || shared(setup_);
  const double calm_s = jitters && calm.worlds > 0 ? calm.more_s / calm.worlds : 0;
  waits.jitter_s = calm_s * chance_.jitter;
  waits.recovery_s =
      share * (found.more_s + (jitters ? 0 : calm.more_s) - found.worlds * calm_s) * chance_.loss;
  waits.timeout_s = share * (timed_out.more_s - timed_out.worlds * calm_s) * chance_.loss;
  return waits;
}

Waits Connection::exchange(double bytes_up, double bytes_down, double held_s) {
  const Exchange one{.bytes_up = bytes_up, .bytes_down = bytes_down, .held_s = held_s};
  return exchange({&one, 1});
}

void Connection::begin_step(const Observation& o) {
  rest(o.pause_s);
  if (!o.checked.empty()) exchange(o.checked);
}

void Connection::rest(double s) {
  plain_.now += nanos(s);
  for (World& w : worlds_) w.now += nanos(s);
}

bool Connection::fragile() const {
  constexpr double near = 0.15;
  const auto is = [](const Endpoint& end) { return end.sent_again() > 0 || end.nearest_pause() < near; };
  return is(plain_.packets.end(false)) || is(plain_.packets.end(true));
}

double Connection::window(bool up) const {
  return static_cast<double>(plain_.packets.end(!up).window()) / setup_.segment_bytes;
}

}  // namespace splitwan::model
