#include "engine/base/link.hh"

#include "engine/base/tcp_constants.hh"

#include <algorithm>
#include <cmath>
#include <random>

namespace splitwan::engine {
namespace {

void resolve_queue(LinkState& link, double bits_per_second, LinkTime rtt) {
  if (link.queue_bytes != 0 || bits_per_second == 0) return;
  const double product = bits_per_second / 8 * static_cast<double>(rtt.count()) * 1e-9;
  link.queue_bytes = static_cast<std::uint64_t>(std::clamp(product, 65536.0, 1e18));
}

}  // namespace

double mean_rate(const LinkSpec& link) {
  if (link.opportunities.empty()) return link.bits_per_second;
  const double bits = 8.0 * opportunity_bytes * static_cast<double>(link.opportunities.size());
  return bits / (static_cast<double>(link.opportunities.back().count()) * 1e-9);
}

void resolve_queues(LinkSpec& link, LinkTime rtt) {
  const double rate = mean_rate(link);
  resolve_queue(link, rate, rtt);
  for (LinkChange& change : link.schedule)
    resolve_queue(change.link, link.opportunities.empty() ? change.link.bits_per_second : rate, rtt);
}

std::vector<LinkTime> first_requests(const OtherSessions& others, LinkTime rtt, std::uint64_t seed,
                                     std::uint64_t stream) {
  constexpr std::uint64_t apart_from_the_link = 1;  // whose chance has the other four words
  std::seed_seq seeds{seed & 0xffffffff, seed >> 32, stream & 0xffffffff, stream >> 32, apart_from_the_link};
  std::mt19937_64 random(seeds);
  const auto round = static_cast<double>((rtt + others.held + others.pause).count());
  std::vector<LinkTime> moments;
  for (std::uint32_t i = 0; i < others.count; ++i)
    moments.emplace_back(std::llround(static_cast<double>(random() >> 11) * 0x1p-53 * round));
  return moments;
}

std::uint32_t segment_bytes(const TcpSpec& tcp, const std::vector<const LinkSpec*>& links) {
  if (tcp.segment != 0) return tcp.segment;
  std::uint32_t mtu = LinkState().mtu;
  for (const LinkSpec* link : links) {
    mtu = std::min(mtu, link->mtu);
    for (const LinkChange& change : link->schedule) mtu = std::min(mtu, change.link.mtu);
  }
  return mtu - tcp::header_bytes;
}

}  // namespace splitwan::engine
