// Links as tc-netem(8) describes them, both ways.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netsim/link/link_spec.hh"

namespace splitwan::scenarios {

// `text`: parameters as typed after `netem`, or whole `tc qdisc add dev X ... netem|tbf ...` and `ip link set
// dev X mtu N` commands, one a line or behind ; or &&, or what `tc qdisc show` prints. What it does not
// mention stays as it was; `link` is unchanged when it throws. Differences to the kernel's netem that remain,
// of which `notes` gets those that this text meets:
// - its limit, 1000 packets unless stated, counts those within the delay too: what it lets through in a delay
// becomes
//   the link's rate, and the rest of it the queue;
// - its correlated jitter is narrower than the law it is asked for, ours keeps the law;
// - its tables end at four times the jitter, which leaves pareto 0.82 of the standard deviation asked for.
void apply_netem(std::string_view text, netsim::LinkState& link, std::vector<std::string>* notes = nullptr);

// Commands that apply_netem reads back, one a line. Throws Error naming what tc cannot say. Queues must be
// resolved (netsim::resolve_queues).
std::string emit_tc(const netsim::LinkSpec& link, const std::string& device);

}  // namespace splitwan::scenarios
