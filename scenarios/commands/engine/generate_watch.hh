// `generate --verbose`: how fast it goes and where the time goes, while it goes.
#pragma once

#include <deque>
#include <mutex>
#include <string>

#include "engine/party/step_parts.hh"
#include "scenarios/console/live_line.hh"

namespace splitwan::scenarios {

class GenerateWatch {
 public:
  explicit GenerateWatch(bool text_is_printed) : line_([this] { return now(); }, text_is_printed) {}

  void step(const engine::Step&, std::span<const engine::Span>, std::span<const engine::Outage>);
  std::string total() const;  // of all decode steps

 private:
  struct Sum {
    std::uint64_t steps = 0, tokens = 0;
    double total_s = 0, network_s = 0, server_s = 0;
    void add(const Sum& other, int sign);
  };
  static std::string shares(const Sum&);
  std::string path() const;
  std::string now();

  mutable std::mutex mutex_;
  Sum all_;
  std::deque<Sum> recent_;
  Sum lately_;  // of recent_
  double rtt_s_ = 0, out_s_ = 0;
  std::uint64_t outages_ = 0, tokens_ = 0;  // tokens: the prompt's first one included
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  LiveLine line_;  // the last: it asks all of these
};

}  // namespace splitwan::scenarios
