#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "engine/base/error.hh"
#include "engine/base/link_json.hh"
#include "scenarios/imports/lines.hh"
#include "scenarios/imports/tc_netem.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using netsim::JitterLaw;
using netsim::LinkTime;

std::string time_text(LinkTime time) { return fmt::format("{}ms", static_cast<double>(time.count()) / 1e6); }
std::string percent(double fraction) { return fmt::format("{:.12g}%", 100 * fraction); }

std::string rate_text(double rate) {
  if (std::fmod(rate, 1e6) == 0) return fmt::format("{:.0f}mbit", rate / 1e6);
  return fmt::format("{}bit", rate);
}

std::string jitter_text(const netsim::LinkState& link) {
  const netsim::Jitter& jitter = link.jitter;
  if (jitter.law == JitterLaw::none || jitter.scale == LinkTime{}) return "";
  std::string text = fmt::format(" {}", time_text(jitter.scale));
  if (jitter.correlation > 0) text += fmt::format(" {}", percent(jitter.correlation));
  if (jitter.law != JitterLaw::uniform) text += fmt::format(" distribution {}", engine::name_of(jitter.law));
  if (!jitter.reorder) text += " rate 1tbit";  // any rate keeps netem's packets in order
  return text;
}

std::string loss_text(const netsim::LinkState& link) {
  const netsim::Bursts& chain = link.bursts;
  if (chain.to_bad > 0)
    return fmt::format(" loss gemodel {} {} {} {}", percent(chain.to_bad), percent(chain.to_good),
                       percent(chain.loss), percent(link.loss));
  return link.loss > 0 ? " loss " + percent(link.loss) : "";
}

void refuse_what_tc_cannot_say(const netsim::LinkSpec& link, const std::string& device) {
  const auto odd = [](unsigned char c) { return !std::isalnum(c) && !std::strchr("._:@-", c); };
  if (device.empty() || device.size() > 15 || device[0] == '-' || std::ranges::any_of(device, odd))
    throw Error("tc: expected the name of a network device, found {}", in_quotes(device));
  if (!link.schedule.empty()) throw Error("tc cannot say: a schedule");
  if (!link.opportunities.empty()) throw Error("tc cannot say: delivery opportunities of a Mahimahi trace");
  if (!link.losses.empty()) throw Error("tc cannot say: recorded losses");
  if (link.cross.bits_per_second > 0) throw Error("tc cannot say: cross traffic");
  if (link.down) throw Error("tc cannot say: a link that is down");
  if (link.jitter.law == JitterLaw::exponential)
    throw Error("tc cannot say: exponential jitter (uniform, normal and pareto it can)");
  const bool by_table = link.jitter.law == JitterLaw::normal || link.jitter.law == JitterLaw::pareto;
  if (by_table && link.jitter.scale > LinkTime{} && link.delay == LinkTime{})
    throw Error("tc cannot say: {} jitter without a delay", engine::name_of(link.jitter.law));
  if (link.bits_per_second > 0 && link.queue_bytes == 0)
    throw Error("tc: expected a queue in bytes, found none: it is sized by the round-trip time");
}

}  // namespace

// Two queues: netem delays and loses, its child tbf has the rate and the queue, whose limit is in bytes and
// does not count packets within the delay.
std::string emit_tc(const netsim::LinkSpec& link, const std::string& device) {
  refuse_what_tc_cannot_say(link, device);
  std::string text;
  if (link.mtu != netsim::LinkState().mtu)
    text = fmt::format("ip link set dev {} mtu {}\n", device, link.mtu);
  text += fmt::format("tc qdisc add dev {} root handle 1: netem limit 1000000 delay {}{}{}\n", device,
                      time_text(link.delay), jitter_text(link), loss_text(link));
  if (link.bits_per_second == 0) return text;
  // A bucket of one packet with its Ethernet header and VLAN tag, or of 0.1 ms: timers are late by so much.
  const double burst = std::max(link.mtu + 18.0, std::ceil(link.bits_per_second / 8 * 1e-4));
  return text + fmt::format("tc qdisc add dev {} parent 1:1 handle 2: tbf rate {} burst {:.0f} limit {}\n",
                            device, rate_text(link.bits_per_second), burst, link.queue_bytes);
}

}  // namespace splitwan::scenarios
