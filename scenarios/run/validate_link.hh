// Theory, ns-3 and the kernel side by side, on the traffic of split inference.
// Its keys: validation_schema().
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/party/trace.hh"
#include "scenarios/read/network_choice.hh"

namespace splitwan::scenarios {

struct Validation {
  std::string name;
  NetworkChoice network;
  bool kernel = true;  // when we are root
  int seeds = 3;       // with loss: ns-3 is asked so often, and the median taken
  Nanos lateness_limit = std::chrono::microseconds(100);
  std::uint64_t seed = 1;
  Json resolved;
};

std::vector<SchemaKey> validation_schema();  // but for the network's

std::vector<Validation> read_validations(const Json& scenario, const std::string& file);

// One run per link and pattern; the header's "cell" holds {rtt_s, rate_bps, loss, pattern, theory_s (null
// under loss), ns3_s, ns3_min_s, ns3_max_s, kernel_s (null without root), lateness_s, on_time, ..}.
std::vector<engine::Run> run_validations(
    const std::vector<Validation>&,
    const std::function<void(std::size_t, std::size_t, const std::string&)>& progress,
    const std::function<void(const engine::Run&)>& finished = {});

}  // namespace splitwan::scenarios
