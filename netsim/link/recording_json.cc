// {"schema_version", "kind": "link-recording", "path", "duration_s", "connections", "idle_restarts",
//  "missed_packets", "play", "round_trip": {"count", "least_s", "mean_s", "spread_s", "p95_s",
//  "autocorrelation"}, "acknowledgements": {likewise}, "queue_at_least_bytes", "up": {"rate_bps",
//  "rate_from", "packets", "payload_bytes", "losses_in_a_row", "losses_bytes": []}, "down": {likewise},
//  "series": {"at_s": [], "round_trip_s": []}, "rates": {"at_s": [], "share": []}, "cannot_tell": []}
#include <cmath>

#include "engine/base/json_file.hh"
#include "engine/base/output_file.hh"
#include "netsim/link/recording.hh"

namespace splitwan::netsim {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

constexpr int recording_schema = 1;
constexpr const char* recording_kind = "link-recording";
constexpr double longest_s = 8.64e6;  // 100 days
constexpr Play plays[] = {Play::constant, Play::series, Play::law};

Json spread_json(const Spread& s) {
  return {{"count", s.count},       {"least_s", s.least_s}, {"mean_s", s.mean_s},
          {"spread_s", s.spread_s}, {"p95_s", s.p95_s},     {"autocorrelation", s.autocorrelation}};
}

Spread read_spread(ObjectReader r) {
  Spread s;
  s.count = r.need<std::size_t>("count");
  s.least_s = r.number("least_s", 0, longest_s);
  s.mean_s = r.number("mean_s", 0, longest_s);
  s.spread_s = r.number("spread_s", 0, longest_s);
  s.p95_s = r.number("p95_s", 0, longest_s);
  s.autocorrelation = r.number("autocorrelation", -1.01, 1.01);
  r.done();
  return s;
}

Json way_json(const RecordedWay& w) {
  return {{"rate_bps", w.rate_bps},
          {"rate_from", w.rate_from},
          {"packets", w.packets},
          {"payload_bytes", w.payload},
          {"losses_in_a_row", w.losses_in_a_row},
          {"losses_bytes", w.losses}};
}

RecordedWay read_way(ObjectReader r) {
  RecordedWay w;
  w.rate_bps = r.number("rate_bps", 0, 1e15);
  w.rate_from = r.need<std::string>("rate_from");
  w.packets = r.need<std::uint64_t>("packets");
  w.payload = r.need<std::uint64_t>("payload_bytes");
  w.losses_in_a_row = r.number("losses_in_a_row", 0, 1e9);
  w.losses = r.need<std::vector<std::uint64_t>>("losses_bytes");
  for (std::size_t i = 1; i < w.losses.size(); ++i)
    if (w.losses[i] < w.losses[i - 1])
      throw Error("{}[{}]: expected {} or more, found {}", r.path("losses_bytes"), i, w.losses[i - 1],
                  w.losses[i]);
  r.done();
  return w;
}

Json points_json(const std::vector<RecordedPoint>& points, const char* name) {
  Json at = Json::array(), values = Json::array();
  for (const RecordedPoint& p : points) {
    at.push_back(static_cast<double>(p.at.count()) / 1e9);
    values.push_back(p.value);
  }
  return {{"at_s", at}, {name, values}};
}

std::vector<RecordedPoint> read_points(ObjectReader r, const char* name, double least, double most) {
  const auto at = r.need<std::vector<double>>("at_s"), values = r.need<std::vector<double>>(name);
  r.done();
  if (at.size() != values.size())
    throw Error("{}: expected {} values, found {}", r.path(name), at.size(), values.size());
  std::vector<RecordedPoint> points;
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!(std::abs(at[i]) <= longest_s) || (i > 0 && at[i] <= at[i - 1]))
      throw Error("{}[{}]: expected a time later than the one before, found {}", r.path("at_s"), i, at[i]);
    if (!(values[i] >= least && values[i] <= most))
      throw Error("{}[{}]: expected {:g} to {:g}, found {}", r.path(name), i, least, most, values[i]);
    points.push_back({LinkTime(std::llround(at[i] * 1e9)), values[i]});
  }
  return points;
}

}  // namespace

void write_recording(const std::string& path, const Recording& r) {
  const Json json = {{"schema_version", recording_schema},
                     {"kind", recording_kind},
                     {"path", r.path},
                     {"duration_s", static_cast<double>(r.duration.count()) / 1e9},
                     {"connections", r.connections},
                     {"idle_restarts", r.idle_restarts},
                     {"missed_packets", r.missed},
                     {"play", name_of(r.play)},
                     {"round_trip", spread_json(r.round_trip)},
                     {"acknowledgements", spread_json(r.acknowledgements)},
                     {"queue_at_least_bytes", r.queue_bytes_at_least},
                     {"up", way_json(r.up)},
                     {"down", way_json(r.down)},
                     {"series", points_json(r.round_trips, "round_trip_s")},
                     {"rates", points_json(r.rate_shares, "share")},
                     {"cannot_tell", r.cannot_tell}};
  engine::write_file(path, json.dump() + "\n");
}

Recording read_recording(const std::string& path) {
  const Json json = engine::read_json_file(path);
  ObjectReader r(json, path);
  if (const auto kind = r.get<std::string>("kind", ""); kind != recording_kind)
    throw Error("{}: expected \"{}\", found \"{}\"", r.path("kind"), recording_kind, kind);
  r.whole("schema_version", recording_schema, recording_schema);
  Recording found;
  found.path = r.need<std::string>("path");
  found.duration = LinkTime(std::llround(r.number("duration_s", 1e-9, longest_s) * 1e9));
  found.connections = r.need<std::uint32_t>("connections");
  found.idle_restarts = r.need<std::uint32_t>("idle_restarts");
  found.missed = r.need<std::uint64_t>("missed_packets");
  const auto play = r.need<std::string>("play");
  const auto* known =
      std::find_if(std::begin(plays), std::end(plays), [&](Play p) { return play == name_of(p); });
  if (known == std::end(plays))
    throw Error("{}: expected constant, series or law, found \"{}\"", r.path("play"), play);
  found.play = *known;
  found.round_trip = read_spread(r.child("round_trip"));
  found.acknowledgements = read_spread(r.child("acknowledgements"));
  found.queue_bytes_at_least = r.number("queue_at_least_bytes", 0, 1e15);
  found.up = read_way(r.child("up"));
  found.down = read_way(r.child("down"));
  found.round_trips = read_points(r.child("series"), "round_trip_s", 0, 3600);
  found.rate_shares = read_points(r.child("rates"), "share", 1e-6, 1e6);
  found.cannot_tell = r.need<std::vector<std::string>>("cannot_tell");
  r.done();
  return found;
}

}  // namespace splitwan::netsim
