// Who looks at a server: its log on stderr, /health and /metrics on a port of their own.
#pragma once

#include <CLI/CLI.hpp>
#include <mutex>
#include <optional>

#include "scenarios/watch/http_page.hh"
#include "scenarios/watch/log.hh"
#include "scenarios/watch/metrics.hh"

namespace splitwan::scenarios {

struct LookoutOptions {
  std::string watch;  // HOST:PORT or unix:PATH; "" = nobody may ask
  std::string log_level = "info";
  bool log_json = false;
};
void add_watch_options(CLI::App&, LookoutOptions&);

class Lookout : public engine::ServerWatch {
 public:
  using State = std::function<engine::ServerState()>;  // from any thread

  // `insecure`: others than this machine may ask. Throws Error.
  Lookout(const LookoutOptions&, bool insecure, int log_descriptor = 2);
  ~Lookout() override;

  // The state is told for as long as what is returned exists: it goes before the server does.
  [[nodiscard]] std::shared_ptr<void> look_at(State);
  std::string address() const;  // "127.0.0.1:9420"; "" = nobody may ask

  void log(engine::Level, std::string_view line) noexcept override;
  void refused(std::string_view reason) noexcept override { metrics_.refused(reason); }
  void ended(std::string_view why) noexcept override { metrics_.ended(why); }
  void resumed(bool warm) noexcept override { metrics_.resumed(warm); }
  void computed(const engine::ServedPhases&, std::uint32_t requests) noexcept override;
  void answered(engine::Nanos held, const engine::TcpSample&) noexcept override;
  void waited(engine::Nanos time) noexcept override { metrics_.waited(time); }
  void sent_again(std::uint32_t segments) noexcept override { metrics_.sent_again(segments); }
  void moved(std::uint64_t in, std::uint64_t out) noexcept override { metrics_.moved(in, out); }

 private:
  std::optional<engine::ServerState> state() const;
  Page page(std::string_view path);
  Page health() const;

  Log log_;
  Metrics metrics_;
  mutable std::mutex mutex_;  // of state_
  State state_;
  bool looked_ = false;  // at a server, at some time
  std::optional<HttpPage> page_;
};

}  // namespace splitwan::scenarios
