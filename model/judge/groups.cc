#include "model/judge/groups.hh"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "model/path/connection.hh"

namespace splitwan::model {
namespace {

struct Bin {
  double up_to;
  const char* name;
};

std::string bin_of(double value, std::initializer_list<Bin> bins) {
  for (const Bin& b : bins) {
    if (value <= b.up_to * (1 + 1e-9)) return b.name;
  }
  return "";
}

constexpr double endless = INFINITY;

// The shallower way's queue over what is under way, and in bytes.
struct Queue {
  double of_product = endless, bytes = endless;
};
Queue queue_of(const Condition& c) {
  Queue least;
  if (!c.details.tcp()) return least;
  const Setup s = setup_of(c, 10);
  for (const engine::LinkSpec* link : {&s.up, &s.down}) {
    if (link->queue_bytes == 0 || link->bits_per_second == 0) continue;
    const double bytes = static_cast<double>(link->queue_bytes);
    const double ratio = bytes / std::max(1.0, link->bits_per_second / 8 * c.rtt_s);
    if (ratio < least.of_product) least = {ratio, bytes};
  }
  return least;
}

bool has_bursts(const Condition& c) {
  return c.details.up().bursts.to_bad > 0 || c.details.down().bursts.to_bad > 0;
}

std::string special_of(const Condition& c, std::span<const Observation> run) {
  const engine::LinkSpec& up = c.details.up();
  const engine::TcpSpec* tcp = c.details.tcp();
  if (!c.apart.empty()) return c.apart.front().starts_with(others_word) ? "shared link" : c.apart.front();
  if (has_bursts(c)) return "losses in bursts";
  if (c.loss > 0) return "losses by chance";
  if (c.jitter_s > 0) return "jitter";
  if (!up.schedule.empty() || !c.details.down().schedule.empty()) return "schedule";
  if (up.mtu != engine::LinkSpec().mtu) return "MTU";
  if (tcp && tcp->initial_window != engine::TcpSpec().initial_window) return "initial window";
  if (!asides_of(run).empty()) return "pauses";
  return "";
}

}  // namespace

std::string asides_of(std::span<const Observation> run) {
  double longest_s = 0;
  for (const Observation& o : run) longest_s = std::max(longest_s, o.pause_s);
  return longest_s > 1e-3 ? fmt::format(", pauses of {:g} s", std::round(longest_s * 1e3) / 1e3) : "";
}

std::vector<std::string> groups_of(const std::vector<std::span<const Observation>>& runs) {
  const Condition& c = runs[0][0].condition;
  double rows = 0, steps = 0;
  for (const auto run : runs) {
    for (const Observation& o : run) {
      if (!o.prefill) rows += o.rows, ++steps;
    }
  }
  const Queue queue = queue_of(c);
  const std::string filled = queue.of_product < 0.45   ? "queue under 0.5 BDP"
                             : queue.of_product < 0.95 ? "queue 0.5 BDP"
                                                       : "queue 1 BDP or more";
  const std::string special = special_of(c, runs[0]);
  std::vector<std::string> groups = {special.empty() ? filled : special};
  if (!special.empty()) groups.push_back(filled);
  groups.push_back("RTT " + bin_of(c.rtt_s * 1e3, {{20, "to 20 ms"},
                                                   {60, "20 to 60 ms"},
                                                   {120, "60 to 120 ms"},
                                                   {200, "120 to 200 ms"},
                                                   {endless, "over 200 ms"}}));
  groups.push_back("rate " + bin_of(std::min(c.up_bps, c.down_bps) / 1e6, {{10, "to 10 Mbit/s"},
                                                                           {30, "10 to 30 Mbit/s"},
                                                                           {100, "30 to 100 Mbit/s"},
                                                                           {endless, "over 100 Mbit/s"}}));
  groups.push_back("rows " + bin_of(rows / std::max(1.0, steps),
                                    {{1, "1"}, {8, "2 to 8"}, {24, "9 to 24"}, {endless, "25 to 64"}}));
  if (c.loss == 0 && !has_bursts(c) && c.jitter_s == 0) groups.push_back("loss-free, no jitter");
  return groups;
}

}  // namespace splitwan::model
