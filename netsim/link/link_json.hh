// One direction of a link in JSON, the one form of it: scenarios, splitwan-sim and the delay line. C++17.
//
// {"delay_ns", "bps", "loss", "queue_bytes", "mtu", "down", "jitter": {"law", "scale_ns", "correlation",
//  "reorder"}, "bursts": {"to_bad", "to_good", "loss"}, "schedule": [{"at_ns", and a link without schedule,
//  period and opportunities}], "period_ns", "opportunities_ns": []}
// delay_ns, bps, loss and queue_bytes are always there, the others where they are not as LinkSpec has them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "netsim/link/link_spec.hh"

namespace splitwan::netsim {

nlohmann::json to_json(const LinkSpec& link);

// `where` names the object in errors, which are std::runtime_error. What comes back has been checked.
LinkSpec parse_link(const nlohmann::json& link, const std::string& where);

const char* name_of(JitterLaw law);

}  // namespace splitwan::netsim
