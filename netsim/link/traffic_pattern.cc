#include "netsim/link/traffic_pattern.hh"

#include "engine/base/error.hh"

namespace splitwan::netsim {
namespace {

using namespace std::chrono_literals;

// A decoding step, prompts of 8 and 100 positions, a wide step: of a 7B model, f16.
constexpr Exchange ping{8192, 8192}, small{64'000, 8}, large{800'000, 8}, wide_exchange{140'000, 8};

std::vector<TrafficPattern> make_patterns() {
  std::vector<Exchange> decayed(41, ping);
  decayed.front() = large;
  std::vector<Exchange> decayed_and_wide = decayed;
  decayed_and_wide.push_back(wide_exchange);
  return {{"pingpong_8k", {ping}, ping},
          {"upload_64k_first", {}, small},
          {"upload_64k_warm", {small}, small},
          {"upload_800k_first", {}, large},
          {"upload_800k_warm", {large}, large},
          {"upload_800k_idle", {large, large}, {large.request, large.answer, 2s}},
          {"decay_140k", decayed, wide_exchange},
          {"decay_800k", decayed_and_wide, large}};
}

}  // namespace

const std::vector<TrafficPattern>& validation_patterns() {
  static const std::vector<TrafficPattern> patterns = make_patterns();
  return patterns;
}

Nanos time_pattern(LinkSimulator& simulator, const TrafficPattern& pattern) {
  Nanos now{};
  std::uint64_t id = 0;
  const auto carry = [&](bool forward, std::uint64_t bytes) {
    simulator.send(now, 0, forward, ++id, bytes);
    const std::optional<Delivery> delivery = simulator.advance(Nanos::max());
    if (!delivery) throw engine::Error("{}: expected a delivery, found none", pattern.name);
    now = delivery->at;
  };
  const auto exchange = [&](const Exchange& e) {
    if (e.idle_before > Nanos{} && simulator.advance(now + e.idle_before))
      throw engine::Error("{}: expected nothing while idle, found a delivery", pattern.name);
    now += e.idle_before;
    const Nanos start = now;
    carry(true, e.request);
    carry(false, e.answer);
    return now - start;
  };
  for (const Exchange& e : pattern.before) exchange(e);
  return exchange(pattern.measured);
}

}  // namespace splitwan::netsim
