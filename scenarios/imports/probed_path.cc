#include "scenarios/imports/probed_path.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/base/tcp_constants.hh"

namespace splitwan::scenarios {
namespace {

using engine::Json, engine::ObjectReader;

constexpr double framing = engine::tcp::header_bytes + engine::ppp_bytes;
constexpr double smallest = 64 + framing;  // bytes of a ping on the link

Json spread_json(const netsim::Spread& s, double median_s) {
  return {{"count", s.count},   {"least_s", s.least_s}, {"median_s", median_s},
          {"mean_s", s.mean_s}, {"p95_s", s.p95_s},     {"spread_s", s.spread_s}};
}

Json number_or_null(double value) { return value > 0 ? Json(value) : Json(); }

Json way_json(const ProbedPath& p, const ProbedWay& w) {
  return {{"rate_bps", number_or_null(p.rate_bps(w))},
          {"goodput_bps", number_or_null(w.goodput_bps)},
          {"at_least", w.at_least},
          {"bytes", w.bytes},
          {"initial_window", w.first_window > 0 ? Json(w.first_window) : Json()},
          {"rested_window", w.rested_window > 0 ? Json(w.rested_window) : Json()},
          {"rested_s", w.rested_s},
          {"idle_restart", w.falls ? Json(*w.falls) : Json()}};
}

template <typename T>
T value_or(ObjectReader& r, const std::string& key, T otherwise) {
  return r.at(key).is_null() ? otherwise : r.need<T>(key);
}

ProbedWay way_of(ObjectReader r) {
  ProbedWay w;
  value_or<double>(r, "rate_bps", 0);  // follows from the goodput
  w.goodput_bps = value_or<double>(r, "goodput_bps", 0);
  w.at_least = r.need<bool>("at_least");
  w.bytes = r.need<std::uint64_t>("bytes");
  w.first_window = value_or<std::uint32_t>(r, "initial_window", 0);
  w.rested_window = value_or<std::uint32_t>(r, "rested_window", 0);
  w.rested_s = r.number("rested_s", 0, 3600);
  if (!r.at("idle_restart").is_null()) w.falls = r.need<bool>("idle_restart");
  r.done();
  if (!(w.goodput_bps >= 0 && w.goodput_bps < 1e15))
    throw engine::Error("{}: expected bits per second, found {}", r.path("goodput_bps"), w.goodput_bps);
  return w;
}

netsim::LinkTime duration(double s) { return netsim::LinkTime(std::llround(s * 1e9)); }

}  // namespace

double ProbedPath::rate_bps(const ProbedWay& w) const {
  return segment > 0 ? w.goodput_bps * (segment + framing) / segment : w.goodput_bps;
}

double ProbedPath::rtt_s() const {
  double bits_s = 0;
  for (const ProbedWay* way : {&up, &down})
    if (way->goodput_bps > 0) bits_s += smallest * 8 / rate_bps(*way);
  return std::max(0.0, round_trip.least_s - bits_s);
}

double ProbedPath::jitter_s() const {
  // The median of two exponentials' sum is 1.68 scales above 0; the least of some dozens is 0.2 above. A mean
  // would take one moment in which a machine stood still for jitter.
  constexpr double scales = 1.68 - 0.2;
  const double more = median_s - round_trip.least_s;
  return more > std::max(0.5e-3, 0.01 * round_trip.least_s) ? more / scales : 0;
}

Json to_json(const ProbedPath& p) {
  return {{"schema_version", 1},
          {"path", p.path},
          {"protection", p.protection},
          {"elapsed_s", p.elapsed_s},
          {"connect_s", p.connect_s},
          {"session_s", p.session_s},
          {"segment_bytes", p.segment},
          {"round_trip", spread_json(p.round_trip, p.median_s)},
          {"up", way_json(p, p.up)},
          {"down", way_json(p, p.down)},
          {"sent_again", p.sent_again},
          {"cannot_tell", p.cannot_tell},
          {"link",
           {{"rtt_s", p.rtt_s()},
            {"jitter_s", p.jitter_s()},
            {"up_bps", number_or_null(p.rate_bps(p.up))},
            {"down_bps", number_or_null(p.rate_bps(p.down))}}}};
}

ProbedPath read_probed_path(const std::string& file) {
  const Json json = engine::read_json_file(file);
  ObjectReader r(json, file);
  r.whole<int>("schema_version", 1, 1);
  ProbedPath p;
  p.path = r.need<std::string>("path");
  p.protection = r.need<std::string>("protection");
  p.elapsed_s = r.number("elapsed_s", 0, 3600);
  p.connect_s = r.number("connect_s", 0, 3600);
  p.session_s = r.number("session_s", 0, 3600);
  p.segment = r.whole<std::uint32_t>("segment_bytes", 0, 65535);
  ObjectReader trip = r.child("round_trip");
  p.round_trip.count = trip.whole<std::size_t>("count", 1, 1'000'000);
  p.round_trip.least_s = trip.number("least_s", 0, 60);
  p.median_s = trip.number("median_s", 0, 60);
  p.round_trip.mean_s = trip.number("mean_s", p.round_trip.least_s, 60);
  p.round_trip.p95_s = trip.number("p95_s", 0, 60);
  p.round_trip.spread_s = trip.number("spread_s", 0, 60);
  trip.done();
  p.up = way_of(r.child("up"));
  p.down = way_of(r.child("down"));
  p.sent_again = r.need<std::uint32_t>("sent_again");
  p.cannot_tell = r.need<std::vector<std::string>>("cannot_tell");
  r.find("link"), r.find("projection");  // follow from the rest
  r.done();
  return p;
}

void apply(const ProbedPath& p, netsim::LinkState& up, netsim::LinkState& down) {
  up.delay = duration(p.rtt_s()) / 2;
  down.delay = duration(p.rtt_s()) - up.delay;
  for (auto [link, way] : {std::pair{&up, &p.up}, {&down, &p.down}}) {
    if (way->goodput_bps > 0) link->bits_per_second = p.rate_bps(*way);
    link->jitter = {};
    if (p.jitter_s() > 0)
      link->jitter = {.law = netsim::JitterLaw::exponential, .scale = duration(p.jitter_s())};
  }
}

// One TCP for both ways: the narrower.
void apply(const ProbedPath& p, netsim::TcpSpec& tcp) {
  std::uint32_t window = std::max(p.up.first_window, p.down.first_window);
  for (const ProbedWay* way : {&p.up, &p.down})
    if (way->first_window > 0) window = std::min(window, way->first_window);
  if (window > 0) tcp.initial_window = window;
  if (p.up.falls || p.down.falls)
    tcp.slow_start_after_idle = p.up.falls.value_or(false) || p.down.falls.value_or(false);
}

}  // namespace splitwan::scenarios
