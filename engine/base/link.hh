// One direction of a link, a TCP, and who else is on the link, as values. C++17: a run's header states them,
// the simulator process and the delay line build them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace splitwan::engine {

using LinkTime = std::chrono::nanoseconds;

enum class JitterLaw { none, uniform, normal, exponential, pareto };

// What is added to the delay of each packet. The sum never falls below 0.
struct Jitter {
  JitterLaw law = JitterLaw::none;
  LinkTime scale{};  // uniform: largest deviation either way; normal, pareto (shape 3, moved to mean 0):
                     // standard deviation; exponential: mean, delay only grows
  double correlation = 0;  // of the underlying normal variable with the last packet's, 0 to below 1
  bool reorder = false;    // may overtake; else a late packet holds up those behind it
};

// Gilbert-Elliott: while in the bad state packets are lost with probability `loss`, else with
// LinkState::loss. Per packet, before its fate: good to bad with `to_bad`, bad to good with `to_good`.
struct Bursts {
  double to_bad = 0, to_good = 1, loss = 1;
};

struct LinkState {
  LinkTime delay{};               // one way
  double bits_per_second = 0;     // 0 = infinitely fast (ideal links only)
  double loss = 0;                // probability per packet
  std::uint64_t queue_bytes = 0;  // waiting, beside the packet being sent; 0 = rate x RTT, at least 64 KiB
  Jitter jitter = {};
  Bursts bursts = {};
  bool down = false;         // nothing leaves; packets wait in the queue
  std::uint32_t mtu = 1500;  // bytes of IP packet
};

struct LinkChange {
  LinkTime at{};
  LinkState link = {};
};

// Other people's packets in the same queue, at a constant rate, on and off in turn; from where in its turn it
// begins is chance's.
struct CrossTraffic {
  double bits_per_second = 0;   // while it is on; 0 = none
  LinkTime on{}, off{};         // off 0: always on
  std::uint32_t packet = 1500;  // bytes of each IP packet
};

struct LinkSpec : LinkState {
  std::vector<LinkChange> schedule = {};     // ascending; before the first the link is as stated above
  LinkTime period{};                         // above 0: the schedule starts again, later than its last change
  std::vector<LinkTime> opportunities = {};  // Mahimahi: moments at which 1,504 bytes may leave, from time 0,
                                             // repeating after the last; they take the place of the rate
  // As recorded: bytes of TCP payload after which the next packet that carries any is lost; ascending, equal
  // ones take as many packets.
  std::vector<std::uint64_t> losses = {};
  CrossTraffic cross = {};
};

inline constexpr std::uint32_t ppp_bytes = 2;             // what a link carries besides the IP packet
inline constexpr std::uint32_t opportunity_bytes = 1504;  // Mahimahi's packet, TUN header included

// The rate in bit/s, of opportunities their mean; without its schedule.
double mean_rate(const LinkSpec& link);

// Queues of 0 become rate x rtt, at least 64 KiB; one of an infinitely fast link stays 0, no limit.
void resolve_queues(LinkSpec& link, LinkTime rtt);

struct TcpSpec {
  std::string congestion = "cubic-linux";  // cubic with Linux's window rules; "cubic" = stock ns-3; reno
  std::uint32_t segment = 0;               // bytes; 0 = what fits the links, see segment_bytes
  std::uint32_t buffer = 8u << 20;         // bytes, send and receive
  std::uint32_t initial_window = 10;       // segments
  LinkTime min_rto = std::chrono::milliseconds(200);
  std::string rto_form = "linux";  // srtt + max(4 rttvar, min_rto); "rfc6298": max(srtt + 4 rttvar, min_rto)
  std::uint32_t delayed_ack_segments = 1;  // acknowledged at the latest
  LinkTime delayed_ack_timeout = std::chrono::milliseconds(40);
  // How losses are found: "rfc6675", as ns-3 does it, or "rack", as Linux does (RFC 8985, with tail loss
  // probes).
  std::string recovery = "rfc6675";
  // The window rules of cubic-linux:
  bool slow_start_after_idle = true;
  // "linux" = as kernel 6.18 does, which is not to decay while data are acknowledged; "rfc2861" = once per
  // RTO in which the window did not limit; "off".
  std::string app_limited_decay = "linux";
  bool nagle = false;  // a last, partial segment waits until all before it is acknowledged (no TCP_NODELAY)
};

// Other people's split sessions on the same link both ways, each over a TCP connection of its own, in a
// closed loop: a request, the server's work, its reply, a rest, and again.
struct OtherSessions {
  std::uint32_t count = 0;
  std::uint64_t up = 8192, down = 8192;  // bytes of a request and of its reply: a row of a 7B model in f16
  LinkTime held = std::chrono::milliseconds(20), pause = std::chrono::milliseconds(10);
};

// When each first asks, after time 0: within one round of its loop, by chance, which is a function of seed
// and stream alone. Whoever follows a link asks here, so that all see the same sessions.
std::vector<LinkTime> first_requests(const OtherSessions& others, LinkTime rtt, std::uint64_t seed,
                                     std::uint64_t stream);

// Of data in one packet: as asked, else what the smallest packet on these links has room for.
std::uint32_t segment_bytes(const TcpSpec& tcp, const std::vector<const LinkSpec*>& links);

}  // namespace splitwan::engine
