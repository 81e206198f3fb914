#include "model/judge/identify.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace splitwan::model {
namespace {

bool single(const Range& r) { return !(r.high > r.low); }

std::string rate(double bps) { return std::isinf(bps) ? "unlimited" : fmt::format("{:g} Mbit/s", bps / 1e6); }

// Of links of which no loss was stated or measured.
std::string why_no_loss(const std::vector<Observation>& observations) {
  std::set<std::size_t> runs;
  std::size_t again = 0;
  for (const Observation& o : observations) {
    if (!o.crossed() || o.retransmits == 0) continue;
    runs.insert(o.run);
    again += o.retransmits;
  }
  if (runs.empty()) return "no run lost packets: theory's cost is assumed";
  return fmt::format(
      "no link loses by chance, yet {} segments were sent again in {} runs (full queues, or timeouts): of "
      "chance theory's cost is assumed",
      again, runs.size());
}

}  // namespace

std::vector<Unidentified> unidentified(const LatencyModel& m, const std::vector<Observation>& observations) {
  std::vector<Unidentified> list;
  const bool untold = std::isinf(m.up_bps.low) &&
                      std::ranges::any_of(m.conditions, [](const auto& c) { return c.condition.live; });
  if (single(m.rtt_s))
    list.push_back({"round trips", fmt::format("every run had {:g} ms", m.rtt_s.low * 1e3),
                    "the same with another network.rtt"});
  if (single(m.up_bps) && single(m.down_bps))
    list.push_back(
        {"bytes over rate",
         untold ? "no run's bytes told how fast its live link is"
                : fmt::format("every run had {} up and {} down", rate(m.up_bps.low), rate(m.down_bps.low)),
         untold ? "more steps of different sizes" : "the same with another network.rate"});
  if (single(m.rows))
    list.push_back({"work per row", fmt::format("every decode step had {:g} rows", m.rows.low),
                    "a drafter that checks several rows, as in decode ngram"});
  if (single(m.context))
    list.push_back({"work per row and context",
                    fmt::format("every decode step had {:g} tokens of context", m.context.low),
                    "more steps, with a larger max_new_tokens"});
  if (m.loss.high == 0)
    list.push_back({"loss recovery", why_no_loss(observations), "the same with network.loss, as in 0.1%"});
  else if (std::isnan(m.chance.loss.error))
    list.push_back({"loss recovery", "too few packets were lost to check theory's cost", "more loss"});
  if (m.jitter_s.high == 0)
    list.push_back(
        {"jitter", "no run had any: theory's cost is assumed", "the same with network.jitter, as in 2ms"});
  return list;
}

Json to_json(const std::vector<Unidentified>& list) {
  Json j = Json::array();
  for (const Unidentified& u : list) j.push_back({{"term", u.term}, {"why", u.why}, {"run", u.run}});
  return j;
}

}  // namespace splitwan::model
