// What a server does, counted and measured, as Prometheus reads it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/serve/watch.hh"

namespace splitwan::scenarios {

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // From any thread, without waiting for more than another's count.
  void refused(std::string_view reason) noexcept;
  void ended(std::string_view why) noexcept;
  void resumed(bool warm) noexcept;
  void computed(const engine::ServedPhases&, std::uint32_t requests) noexcept;
  void answered(engine::Nanos held, const engine::TcpSample&) noexcept;
  void waited(engine::Nanos) noexcept;
  void sent_again(std::uint32_t segments) noexcept;
  void moved(std::uint64_t bytes_in, std::uint64_t bytes_out) noexcept;

  // In Prometheus' text format. Without a state: none is there yet, or any longer.
  std::string text(const std::optional<engine::ServerState>&, std::uint64_t log_lines_lost);

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

}  // namespace splitwan::scenarios
