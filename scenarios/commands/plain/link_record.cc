#include "scenarios/commands/plain/link_record.hh"

#include <fmt/format.h>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "netsim/kernel/emulated_link.hh"
#include "netsim/record/recorded.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using netsim::Recording;

const std::string far_end = "{server}";

struct Watched {
  std::string host = netsim::server_ip;
  std::uint16_t port = 0;  // any
};

Watched watched(const RecordOptions& o) {
  if (o.watch.empty()) return {};
  const auto colon = o.watch.rfind(':');
  Watched w;
  if (colon != std::string::npos && colon > 0) {
    w.host = o.watch.substr(0, colon);
    const std::string port = o.watch.substr(colon + 1);
    if (!port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos &&
        std::stoi(port) > 0 && std::stoi(port) <= 65535) {
      w.port = static_cast<std::uint16_t>(std::stoi(port));
      if (w.host == far_end) w.host = netsim::server_ip;
      return w;
    }
  }
  throw Error("link: --watch '{}': expected HOST:PORT, as in {{server}}:7420", o.watch);
}

Json way_json(const netsim::RecordedWay& w) {
  return {{"rate_bps", w.rate_bps},
          {"rate_from", w.rate_from},
          {"packets", w.packets},
          {"lost", w.losses.size()}};
}

}  // namespace

bool RecordOptions::live() const { return !watch.empty() && watched(*this).host != netsim::server_ip; }

PathRecorder::PathRecorder(const RecordOptions& o, const netsim::NetNamespace& client) : options_(o) {
  const Watched w = watched(o);
  path_ = w.port == 0 ? w.host : fmt::format("{}:{}", w.host, w.port);
  client.run([&] { tap_.emplace(w.host, w.port); });
}

Recording PathRecorder::finish() {
  Recording recording = netsim::recorded(tap_->finish(), path_);
  netsim::write_recording(options_.file, recording);
  return recording;
}

Json recording_json(const Recording& r) {
  return {{"path", r.path},
          {"duration_s", static_cast<double>(r.duration.count()) / 1e9},
          {"play", netsim::name_of(r.play)},
          {"connections", r.connections},
          {"idle_restarts", r.idle_restarts},
          {"round_trip_s", r.round_trip.mean_s},
          {"spread_s", r.round_trip.spread_s},
          {"autocorrelation", r.round_trip.autocorrelation},
          {"up", way_json(r.up)},
          {"down", way_json(r.down)},
          {"cannot_tell", r.cannot_tell}};
}

std::string recording_table(const Recording& r) {
  std::string text = fmt::format(
      "recorded: {} for {:.1f} s: round trip {:.3f} ms (least {:.3f}, spread {:.3f}, 95th percentile "
      "{:.3f}), played "
      "as {}; {} idle restarts\n",
      r.path, static_cast<double>(r.duration.count()) / 1e9, r.round_trip.mean_s * 1e3,
      r.round_trip.least_s * 1e3, r.round_trip.spread_s * 1e3, r.round_trip.p95_s * 1e3,
      netsim::name_of(r.play), r.idle_restarts);
  for (const auto* way : {&r.up, &r.down})
    text +=
        fmt::format("recorded: {}  {:.4g} Mbit/s ({}), {} packets with data, {} lost\n",
                    way == &r.up ? "up  " : "down", way->rate_bps / 1e6,
                    way->rate_from.empty() ? "not told" : way->rate_from, way->packets, way->losses.size());
  for (const std::string& what : r.cannot_tell) text += "recorded: not told: " + what + "\n";
  return text;
}

}  // namespace splitwan::scenarios
