// One direction of a link, a TCP, and who else is on the link, in JSON: a run's header, splitwan-sim and the
// delay line. C++17.
//
// {"delay_ns", "bps", "loss", "queue_bytes", "mtu", "down", "jitter": {"law", "scale_ns", "correlation",
//  "reorder"}, "bursts": {"to_bad", "to_good", "loss"}, "schedule": [{"at_ns", and a link without schedule,
//  period and opportunities}], "period_ns", "opportunities_ns": [], "losses_bytes": [],
//  "cross": {"bps", "on_ns", "off_ns", "packet_bytes"}}
// delay_ns, bps, loss and queue_bytes are always there, the others where they are not as LinkSpec has them.
#pragma once

#include <string>

#include "engine/base/json.hh"
#include "engine/base/link.hh"

namespace splitwan::engine {

class ObjectReader;

nlohmann::json to_json(const LinkSpec& link);

// Of its JSON: tells links apart, hides nothing (Fowler, Noll and Vo's hash).
std::uint64_t fingerprint_of(const LinkSpec& link);

// What comes back has been checked; else Error. may_be_unlimited: a rate of 0 is one, as ideal links have it.
LinkSpec parse_link_keys(ObjectReader&,
                         bool may_be_unlimited = false);  // asks for these keys; others may follow
LinkSpec parse_link(const Json& link, const std::string& where);

// {"count", "up_bytes", "down_bytes", "held_ns", "pause_ns"}, all of them, of one session or more.
nlohmann::json to_json(const OtherSessions& sessions);
OtherSessions parse_sessions(ObjectReader);

nlohmann::json to_json(const TcpSpec& tcp);  // every field, durations in _ns, sizes in _bytes
TcpSpec parse_tcp(ObjectReader);

const char* name_of(JitterLaw law);

}  // namespace splitwan::engine
