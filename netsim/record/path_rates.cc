#include <algorithm>
#include <map>
#include <optional>

#include "engine/base/order_statistics.hh"
#include "engine/base/tcp_constants.hh"
#include "netsim/record/recorded.hh"

namespace splitwan::netsim {
namespace {

constexpr std::uint32_t least_bytes = 1000;  // between two looks: less says more of clocks than of the link
constexpr std::size_t least_looks = 3;
constexpr double fastest_bps = 10e9, held_back = 8;
constexpr double together_s = 50e-6;  // sent in one go

double on_the_link(std::uint32_t payload) {
  const std::uint32_t packets =
      std::max(1u, (payload + engine::tcp::segment_bytes - 1) / engine::tcp::segment_bytes);
  return payload + packets * (engine::tcp::header_bytes + framing);
}

bool later(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

struct Look {
  double seconds = 0, bytes = 0;
};

// Of all together: what came late makes the next look short. But for those that somebody held back on
// purpose, as delayed acknowledgements.
double rate_of(const std::vector<Look>& looks) {
  if (looks.size() < least_looks) return 0;
  std::vector<double> s_per_byte;
  s_per_byte.reserve(looks.size());
  for (const Look& look : looks) s_per_byte.push_back(look.seconds / look.bytes);
  const double usual = engine::median(std::move(s_per_byte));
  Look all;
  for (const Look& look : looks) {
    if (look.seconds > held_back * usual * look.bytes) continue;
    all.seconds += look.seconds;
    all.bytes += look.bytes;
  }
  return all.seconds > 0 ? std::min(fastest_bps, 8 * all.bytes / all.seconds) : fastest_bps;
}

// What is sent faster than it is acknowledged is acknowledged as fast as the way up carries it.
struct UpTrain {
  std::map<std::uint32_t, LinkTime> sent;  // by the end of each segment, from the last acknowledged on
  std::optional<LinkTime> acked_at, acked_sent_at;
  std::uint32_t acked = 0;
};

void follow_up(const SeenPacket& p, UpTrain& c, double share, std::vector<Look>& looks) {
  if (p.up) {
    if (p.payload > 0) c.sent.try_emplace(p.sequence + p.payload, p.at);
    return;
  }
  const auto covered = c.sent.find(p.acknowledged);
  if (covered == c.sent.end()) return;
  if (c.acked_at && later(p.acknowledged, c.acked)) {
    const std::uint32_t bytes = p.acknowledged - c.acked;
    const double came_s = between(*c.acked_at, p.at), left_s = between(*c.acked_sent_at, covered->second);
    if (bytes >= least_bytes && left_s >= 0 && left_s < std::max(came_s / 2, together_s)) {
      looks.push_back({came_s * share, on_the_link(bytes)});
    }
  }
  c.acked = p.acknowledged;
  c.acked_at = p.at;
  c.acked_sent_at = covered->second;
}

// Segments that follow each other without a question in between come as fast as the way down carries them.
struct DownTrain {
  std::optional<SeenPacket> last;
};

void follow_down(const SeenPacket& p, DownTrain& c, double least_s, double share, std::vector<Look>& looks) {
  if (p.up) {
    if (p.payload > 0) c.last.reset();
    return;
  }
  if (p.payload == 0) return;
  if (c.last && p.sequence == c.last->sequence + c.last->payload && p.payload >= least_bytes) {
    const double gap_s = between(c.last->at, p.at);
    if (gap_s > 0 && gap_s < least_s) looks.push_back({gap_s * share, on_the_link(p.payload)});
  }
  c.last = p;
}

}  // namespace

double share_at(const std::vector<RecordedPoint>& shares, LinkTime at) {
  double share = shares.empty() ? 1 : shares.front().value;
  for (const RecordedPoint& p : shares)
    if (p.at <= at) share = p.value;
  return share;
}

PathRates path_rates(const Seen& seen, double least_s, double large_pair_s,
                     const std::vector<RecordedPoint>& shares, LinkTime origin) {
  std::map<std::uint16_t, UpTrain> up;
  std::map<std::uint16_t, DownTrain> down;
  std::vector<Look> up_looks, down_looks;
  PathRates rates;
  for (const SeenPacket& p : seen.packets) {
    if (p.syn) continue;
    const double share = share_at(shares, p.at - origin);
    follow_up(p, up[p.port], share, up_looks);
    follow_down(p, down[p.port], least_s, share, down_looks);
  }
  rates.up_bps = rate_of(up_looks);
  rates.down_bps = rate_of(down_looks);
  if (rates.up_bps > 0) rates.up_from = "acknowledgements of messages of several packets";
  if (rates.down_bps > 0) rates.down_from = "arrivals of messages of several packets";
  const double per_bit_s = large_pair_s / (8 * (probe_large + framing));  // up and down together
  if (per_bit_s <= 0) return rates;
  const auto rest = [&](double known_bps) {
    return 1 / std::max(per_bit_s - 1 / known_bps, 1 / fastest_bps);
  };
  if (rates.up_bps == 0 && rates.down_bps == 0) {
    rates.up_bps = rates.down_bps = 2 / per_bit_s;
    rates.up_from = rates.down_from = "probes of two sizes, both ways taken for alike";
  } else if (rates.up_bps == 0) {
    rates.up_bps = rest(rates.down_bps);
    rates.up_from = "probes of two sizes, less what the way down takes";
  } else if (rates.down_bps == 0) {
    rates.down_bps = rest(rates.up_bps);
    rates.down_from = "probes of two sizes, less what the way up takes";
  }
  return rates;
}

}  // namespace splitwan::netsim
