#include "scenarios/watch/metrics.hh"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>

#include "scenarios/console/machine.hh"

namespace splitwan::scenarios {
namespace {

using engine::Nanos, engine::seconds;
using prometheus::Counter, prometheus::Gauge, prometheus::Histogram, prometheus::Registry;
using Bounds = Histogram::BucketBoundaries;

// 10 us to 30 s, three a decade.
const Bounds durations = {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2,
                          2e-2, 5e-2, 0.1,  0.2,  0.5,  1,    2,    5,    10,   30};
const Bounds powers_of_two = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

Counter& counter(Registry& r, const char* name, const char* help, const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(r).Add(labels);
}
Gauge& gauge(Registry& r, const char* name, const char* help, const prometheus::Labels& labels = {}) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(r).Add(labels);
}
Histogram& histogram(Registry& r, const char* name, const char* help, const Bounds& bounds,
                     const prometheus::Labels& labels = {}) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(r).Add(labels, bounds);
}

}  // namespace

// Counters of one family by a word. Words are few: whatever comes beyond them counts as "other".
class ByWord {
 public:
  ByWord(Registry& r, const char* name, const char* help, const char* label)
      : family_(prometheus::BuildCounter().Name(name).Help(help).Register(r)), label_(label) {}

  void count(std::string_view word) {
    const std::lock_guard lock(mutex_);
    auto found = known_.find(word);
    if (found == known_.end()) {
      const std::string name(known_.size() < most ? word : "other");
      found = known_.try_emplace(name, &family_.Add({{label_, name}})).first;
    }
    found->second->Increment();
  }

 private:
  static constexpr std::size_t most = 32;
  prometheus::Family<Counter>& family_;
  const char* label_;
  std::mutex mutex_;
  std::map<std::string, Counter*, std::less<>> known_;
};

namespace {

double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double pages = 0;
  in >> pages >> pages;  // the second
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

template <typename Job>
void quietly(Job&& job) noexcept {
  try {
    job();
  } catch (...) {  // no memory for a new word: it is not counted
  }
}

}  // namespace

struct Metrics::Body {
  Registry r;
  ByWord refused{r, "splitwan_refused_total", "who or what was refused", "reason"};
  ByWord ended{r, "splitwan_sessions_ended_total", "sessions that are over", "why"};
  ByWord resumed{r, "splitwan_sessions_resumed_total", "clients that came back, to their cache or fed again",
                 "how"};
  Counter& rows = counter(r, "splitwan_rows_total", "rows computed");
  Counter& requests = counter(r, "splitwan_requests_total", "requests answered");
  Counter& in = counter(r, "splitwan_bytes_total", "of messages", {{"way", "in"}});
  Counter& out = counter(r, "splitwan_bytes_total", "of messages", {{"way", "out"}});
  Histogram& waited = phase("waited");
  Histogram& decode = phase("decode");
  Histogram& layers = phase("layers");
  Histogram& encode = phase("encode");
  Histogram& held = phase("held");
  Histogram& together = histogram(r, "splitwan_batch_requests",
                                  "requests that went through the layers together", powers_of_two);
  Histogram& batch_rows =
      histogram(r, "splitwan_batch_rows", "rows that went through the layers together", powers_of_two);
  Histogram& rtt = histogram(r, "splitwan_tcp_rtt_seconds",
                             "least round trip of late, as TCP saw it, per answer", durations);
  Histogram& spread = histogram(r, "splitwan_tcp_rtt_spread_seconds",
                                "mean deviation of TCP's round trips, per answer", durations);
  Histogram& window = histogram(r, "splitwan_tcp_window_segments",
                                "that TCP may have under way to the client, per answer", powers_of_two);
  Histogram& again =
      histogram(r, "splitwan_tcp_sent_again_segments",
                "segments sent again to the client since the last answer, per answer", powers_of_two);
  Gauge& connections = gauge(r, "splitwan_connections", "open ones");
  Gauge& active = gauge(r, "splitwan_sessions", "with their client, or kept for it", {{"state", "active"}});
  Gauge& kept = gauge(r, "splitwan_sessions", "with their client, or kept for it", {{"state", "kept"}});
  Gauge& caches = gauge(r, "splitwan_cache_bytes", "held for sessions");
  Gauge& queued = gauge(r, "splitwan_queued_bytes", "of requests that are not answered yet");
  Gauge& waiting = gauge(r, "splitwan_requests_waiting", "that nobody works on yet");
  Gauge& draining = gauge(r, "splitwan_draining", "1 when nobody new is taken");
  Gauge& resident = gauge(r, "process_resident_memory_bytes", "of this process");
  Gauge& started = gauge(r, "process_start_time_seconds", "since 1970");
  Gauge& log_lost = gauge(r, "splitwan_log_lines_lost", "that could not be written");

  Body() {
    started.Set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    gauge(r, "splitwan_build_info", "which build this is",
          {{"version", version_text()}, {"commit", build_commit_text()}})
        .Set(1);
  }
  Histogram& phase(const char* name) {
    return histogram(r, "splitwan_phase_seconds",
                     "of a request: until somebody began (waited), until its reply went (held); of what went "
                     "through the layers together: decode, layers, encode",
                     durations, {{"phase", name}});
  }
};

Metrics::Metrics() : body_(std::make_unique<Body>()) {}
Metrics::~Metrics() = default;

void Metrics::refused(std::string_view reason) noexcept {
  quietly([&] { body_->refused.count(reason); });
}
void Metrics::ended(std::string_view why) noexcept {
  quietly([&] { body_->ended.count(why); });
}
void Metrics::resumed(bool warm) noexcept {
  quietly([&] { body_->resumed.count(warm ? "warm" : "cold"); });
}

void Metrics::computed(const engine::ServedPhases& p, std::uint32_t requests) noexcept {
  quietly([&] {
    body_->decode.Observe(seconds(p.decode));
    body_->layers.Observe(seconds(p.layers));
    body_->encode.Observe(seconds(p.encode));
    body_->together.Observe(requests);
    body_->batch_rows.Observe(p.rows);
    body_->rows.Increment(p.rows);
  });
}

void Metrics::answered(Nanos held, const engine::TcpSample& tcp) noexcept {
  quietly([&] {
    body_->requests.Increment();
    body_->held.Observe(seconds(held));
    if (tcp.rtt == Nanos{}) return;  // a Unix socket
    body_->rtt.Observe(seconds(tcp.rtt));
    body_->spread.Observe(seconds(tcp.rtt_spread));
    body_->window.Observe(tcp.window);
  });
}

void Metrics::waited(Nanos time) noexcept {
  quietly([&] { body_->waited.Observe(seconds(time)); });
}
void Metrics::sent_again(std::uint32_t segments) noexcept {
  quietly([&] { body_->again.Observe(segments); });
}
void Metrics::moved(std::uint64_t in, std::uint64_t out) noexcept {
  quietly([&] {
    if (in > 0) body_->in.Increment(static_cast<double>(in));
    if (out > 0) body_->out.Increment(static_cast<double>(out));
  });
}

std::string Metrics::text(const std::optional<engine::ServerState>& now, std::uint64_t log_lines_lost) {
  Body& b = *body_;
  const engine::ServerState s = now.value_or(engine::ServerState{});
  b.connections.Set(s.connections);
  b.active.Set(s.sessions);
  b.kept.Set(s.idle);
  b.caches.Set(static_cast<double>(s.cache_bytes));
  b.queued.Set(static_cast<double>(s.queued_bytes));
  b.waiting.Set(static_cast<double>(s.waiting));
  b.draining.Set(s.draining);
  b.resident.Set(resident_bytes());
  b.log_lost.Set(static_cast<double>(log_lines_lost));
  return prometheus::TextSerializer().Serialize(b.r.Collect());
}

}  // namespace splitwan::scenarios
