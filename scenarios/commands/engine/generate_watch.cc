#include "scenarios/commands/engine/generate_watch.hh"

#include <fmt/format.h>

#include <algorithm>

namespace splitwan::scenarios {
namespace {

constexpr double lately_s = 10;  // of steps that the line tells of
constexpr double long_wait_s = 3;

}  // namespace

void GenerateWatch::Sum::add(const Sum& other, int sign) {
  steps += sign * other.steps;
  tokens += sign * other.tokens;
  total_s += sign * other.total_s;
  network_s += sign * other.network_s;
  server_s += sign * other.server_s;
}

void GenerateWatch::step(const engine::Step& s, std::span<const engine::Span> spans,
                         std::span<const engine::Outage> outages) {
  const engine::StepParts parts = engine::parts_of(spans);
  const std::lock_guard lock(mutex_);
  last_ = std::chrono::steady_clock::now();
  tokens_ += s.accepted;
  if (parts.tcp.rtt > engine::Nanos{}) rtt_s_ = engine::seconds(parts.tcp.rtt);
  for (const engine::Outage& o : outages) {
    ++outages_;
    out_s_ += engine::seconds(o.end - o.begin);
  }
  if (s.prefill) return;
  Sum one{1, s.accepted, engine::seconds(s.end - s.begin)};
  if (parts.round_trips > 0) {
    one.network_s = parts.network_s();
    one.server_s = parts.held_s();
  }
  all_.add(one, 1);
  lately_.add(one, 1);
  recent_.push_back(one);
  while (recent_.size() > 1 && lately_.total_s - recent_.front().total_s > lately_s) {
    lately_.add(recent_.front(), -1);
    recent_.pop_front();
  }
}

// Of the steps' time. What is neither network nor server is the client's.
std::string GenerateWatch::shares(const Sum& s) {
  if (s.network_s + s.server_s <= 0 || s.total_s <= 0) return "";
  const double network = 100 * std::clamp(s.network_s / s.total_s, 0.0, 1.0),
               server = 100 * std::clamp(s.server_s / s.total_s, 0.0, 1.0);
  return fmt::format("; network {:.0f} %, server {:.0f} %, client {:.0f} %", network, server,
                     std::max(0.0, 100 - network - server));
}

std::string GenerateWatch::path() const {
  std::string text = rtt_s_ > 0 ? fmt::format("; RTT {:.1f} ms", rtt_s_ * 1e3) : "";
  if (outages_ > 0) text += fmt::format("; {} outages, {:.1f} s", outages_, out_s_);
  return text;
}

std::string GenerateWatch::now() {
  const std::lock_guard lock(mutex_);
  const double waits_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - last_).count();
  std::string text = tokens_ == 0 ? "reading the prompt" : fmt::format("{} tokens", tokens_);
  if (lately_.steps > 0)
    text +=
        fmt::format("; {:.2f} tokens/s, {:.2f} a step", static_cast<double>(lately_.tokens) / lately_.total_s,
                    static_cast<double>(lately_.tokens) / static_cast<double>(lately_.steps));
  text += path() + shares(lately_);
  if (waits_s > long_wait_s) text += fmt::format("; this step: {:.0f} s so far", waits_s);
  return text;
}

std::string GenerateWatch::total() const {
  const std::lock_guard lock(mutex_);
  if (all_.steps == 0) return "";
  return fmt::format("{:.2f} tokens a step",
                     static_cast<double>(all_.tokens) / static_cast<double>(all_.steps)) +
         path() + shares(all_);
}

}  // namespace splitwan::scenarios
