// Links and TCP by their short names here. C++17.
#pragma once

#include "engine/base/link.hh"
#include "engine/base/link_law.hh"

namespace splitwan::netsim {

using engine::Bursts;
using engine::CrossTraffic;
using engine::Jitter;
using engine::JitterLaw;
using engine::LinkChange;
using engine::LinkCounts;
using engine::LinkModel;
using engine::LinkSpec;
using engine::LinkState;
using engine::LinkTime;
using engine::mean_rate;
using engine::opportunity_bytes;
using engine::OtherSessions;
using engine::ppp_bytes;
using engine::resolve_queues;
using engine::TcpSpec;

}  // namespace splitwan::netsim
