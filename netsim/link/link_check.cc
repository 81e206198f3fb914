#include "netsim/link/link_check.hh"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

#include "netsim/link/sim_protocol.hh"

namespace splitwan::netsim {
namespace {

[[noreturn]] void differ(const std::string& where, const char* what, double asked, double found,
                         const char* unit) {
  std::ostringstream text;
  text.precision(9);
  text << where << ": expected " << what << " of " << asked << unit << " as asked, found " << found << unit;
  throw std::runtime_error(text.str());
}

double packet_ns(const LinkSpec& link) { return (link.mtu + ppp_bytes) * 8e9 / mean_rate(link); }

// P(low <= X <= high) of n trials.
double binomial(std::uint64_t n, double p, std::uint64_t low, std::uint64_t high) {
  double sum = 0;
  const double trials = static_cast<double>(n);
  for (std::uint64_t k = low; k <= high; ++k) {
    const double hits = static_cast<double>(k);
    sum += std::exp(std::lgamma(trials + 1) - std::lgamma(hits + 1) - std::lgamma(trials - hits + 1) +
                    hits * std::log(p) + (trials - hits) * std::log1p(-p));
  }
  return sum;
}

}  // namespace

void expect_rtt(const std::string& where, double asked_s, double found_s) {
  if (!(std::abs(found_s - asked_s) <= std::max(1e-3 * asked_s, 10e-6)))
    differ(where, "a round-trip time", asked_s, found_s, " s");
}

bool rate_is_measurable(const LinkSpec& link) { return packet_ns(link) >= 1; }

void expect_rate(const std::string& where, const LinkSpec& asked, double asked_bps, double found_bps) {
  if (!(std::abs(found_bps / asked_bps - 1) <= 0.01 + 0.5 / packet_ns(asked)))
    differ(where, "a rate", asked_bps, found_bps, " bit/s");
}

double mean_loss(const LinkSpec& link) {
  const Bursts& bursts = link.bursts;
  if (bursts.to_bad == 0) return link.loss;
  const double bad = bursts.to_bad / (bursts.to_bad + bursts.to_good);
  return bad * bursts.loss + (1 - bad) * link.loss;
}

void expect_loss(const std::string& where, const LinkSpec& asked, std::uint64_t sent, std::uint64_t lost) {
  const double p = mean_loss(asked);
  const auto refuse = [&] {
    differ(where, "a loss", p, static_cast<double>(lost) / static_cast<double>(sent), "");
  };
  if (sent == 0) return;
  if (p <= 0 || p >= 1) {
    if (lost != (p <= 0 ? 0 : sent)) refuse();
    return;
  }
  // Losses in bursts say less: as much as this share of independent packets. Their first state is the good
  // one.
  const double kept = 1 - asked.bursts.to_bad - asked.bursts.to_good;
  const double share = asked.bursts.to_bad > 0 && kept > 0 ? (1 - kept) / (1 + kept) : 1;
  const auto n = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(sent)));
  const double scaled = share * static_cast<double>(lost);
  const auto at_least = static_cast<std::uint64_t>(std::floor(scaled));
  const auto at_most = std::min(n, static_cast<std::uint64_t>(std::ceil(scaled)));
  const bool from_good = asked.bursts.to_bad > 0;  // fewer losses than on average are no surprise then
  if (binomial(n, p, at_least, n) < 0.5e-6 || (!from_good && binomial(n, p, 0, at_most) < 0.5e-6)) refuse();
}

LinkTime last_bit_leaves(const LinkSpec& link, LinkTime t, std::uint64_t bytes) {
  const auto& moments = link.opportunities;
  if (moments.empty())
    return t + LinkTime(std::llround(8e9 * static_cast<double>(bytes) / link.bits_per_second));
  const LinkTime turn = moments.back();
  const auto needed = (bytes + opportunity_bytes - 1) / opportunity_bytes;
  for (std::int64_t turns = std::max<std::int64_t>(0, t / turn - 1), seen = 0;; ++turns)
    for (const LinkTime moment : moments)
      if (turns * turn + moment >= t && ++seen == static_cast<std::int64_t>(needed))
        return turns * turn + moment;
}

}  // namespace splitwan::netsim
