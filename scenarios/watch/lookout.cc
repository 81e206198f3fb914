#include "scenarios/watch/lookout.hh"

#include <array>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::scenarios {

using engine::Error, engine::Json, engine::Level, engine::seconds;

void add_watch_options(CLI::App& command, LookoutOptions& o) {
  command.add_option(
      "--watch", o.watch,
      "HOST:PORT or unix:PATH that answers /health and /metrics over HTTP, loopback only without "
      "--insecure");
  command.add_option("--log-level", o.log_level, "least that is logged: " + level_names())
      ->capture_default_str();
  command.add_flag("--log-json", o.log_json, "log JSON lines instead of key=value");
}

Lookout::Lookout(const LookoutOptions& o, bool insecure, int log_descriptor)
    : log_(log_descriptor, level_named(o.log_level), o.log_json) {
  if (o.watch.empty()) return;
  const engine::Endpoint here = engine::parse_endpoint(o.watch);
  if (!insecure && !here.is_loopback())
    throw Error("--watch {}: not a loopback address, and anybody may ask there: expected one, or --insecure",
                o.watch);
  page_.emplace(here, [this](std::string_view path) { return page(path); });
}

Lookout::~Lookout() { page_.reset(); }  // before what it tells of

std::shared_ptr<void> Lookout::look_at(State state) {
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
  looked_ = true;
  return {this, [](Lookout* self) {
            const std::lock_guard lock_too(self->mutex_);
            self->state_ = {};
          }};
}

std::string Lookout::address() const { return page_ ? page_->address().text() : ""; }

void Lookout::log(Level level, std::string_view line) noexcept { log_.line(level, line); }

void Lookout::computed(const engine::ServedPhases& p, std::uint32_t requests) noexcept {
  metrics_.computed(p, requests);
  if (!log_.takes(Level::debug)) return;
  const std::array<LogNumber, 5> numbers = {{{"requests", requests},
                                             {"rows", p.rows},
                                             {"decode_s", seconds(p.decode)},
                                             {"layers_s", seconds(p.layers)},
                                             {"encode_s", seconds(p.encode)}}};
  log_.line(Level::debug, "computed", numbers);
}

void Lookout::answered(engine::Nanos held, const engine::TcpSample& tcp) noexcept {
  metrics_.answered(held, tcp);
  if (!log_.takes(Level::debug)) return;
  const std::array<LogNumber, 3> numbers = {
      {{"held_s", seconds(held)}, {"rtt_s", seconds(tcp.rtt)}, {"window", tcp.window}}};
  log_.line(Level::debug, "answered", numbers);
}

std::optional<engine::ServerState> Lookout::state() const {
  const std::lock_guard lock(mutex_);
  if (!state_) return {};
  return state_();
}

Page Lookout::page(std::string_view path) {
  if (path == "/health") return health();
  if (path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text(state(), log_.lost())};
  return {404, "text/plain", "expected /health or /metrics\n"};
}

// For load balancers and supervisors: 200 as long as new clients are taken.
Page Lookout::health() const {
  const auto now = state();
  const bool ok = now && !now->draining;
  Json j = {{"status", ok ? "ok" : now ? "draining" : looked_ ? "ended" : "starting"}};
  if (now) {
    j["connections"] = now->connections;
    j["sessions"] = now->sessions;
    j["kept"] = now->idle;
    j["waiting"] = now->waiting;
    j["cache_bytes"] = now->cache_bytes;
  }
  return {ok ? 200u : 503u, "application/json", j.dump() + "\n"};
}

}  // namespace splitwan::scenarios
