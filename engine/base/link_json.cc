#include "engine/base/link_json.hh"

#include <algorithm>
#include <limits>

#include "engine/base/json_fields.hh"

namespace splitwan::engine {
namespace {

using nlohmann::json;
using Int64 = std::int64_t;

constexpr Int64 longest_delay = 3'600'000'000'000;         // an hour: beyond it a unit was mistaken
constexpr Int64 longest_schedule = 8'640'000'000'000'000;  // 100 days
constexpr JitterLaw laws[] = {JitterLaw::none, JitterLaw::uniform, JitterLaw::normal, JitterLaw::exponential,
                              JitterLaw::pareto};

json state_json(const LinkState& link) {
  json object = {{"delay_ns", link.delay.count()},
                 {"bps", link.bits_per_second},
                 {"loss", link.loss},
                 {"queue_bytes", link.queue_bytes}};
  const Jitter& jitter = link.jitter;
  if (jitter.law != JitterLaw::none)
    object["jitter"] = {{"law", name_of(jitter.law)},
                        {"scale_ns", jitter.scale.count()},
                        {"correlation", jitter.correlation},
                        {"reorder", jitter.reorder}};
  const Bursts& bursts = link.bursts;
  if (bursts.to_bad > 0)
    object["bursts"] = {{"to_bad", bursts.to_bad}, {"to_good", bursts.to_good}, {"loss", bursts.loss}};
  if (link.down) object["down"] = true;
  if (link.mtu != LinkState().mtu) object["mtu"] = link.mtu;
  return object;
}

LinkTime time(const json& object, const char* key, const std::string& where, Int64 longest) {
  return LinkTime(integer<Int64>(object, key, where, 0, longest));
}

double probability(const json& object, const char* key, const std::string& where) {
  return number(object, key, where, "a probability from 0 to 1", [](double p) { return p >= 0 && p <= 1; });
}

Jitter parse_jitter(const json& object, const std::string& where) {
  Jitter jitter;
  const std::string law = text(object, "law", where);
  const auto found =
      std::find_if(std::begin(laws), std::end(laws), [&](JitterLaw l) { return law == name_of(l); });
  if (found == std::end(laws)) refuse(where + ".law", "none, uniform, normal, exponential or pareto", law);
  jitter.law = *found;
  jitter.scale = time(object, "scale_ns", where, longest_delay);
  if (object.contains("correlation"))
    jitter.correlation = number(object, "correlation", where, "a correlation from 0 to below 1",
                                [](double c) { return c >= 0 && c < 1; });
  if (object.contains("reorder")) jitter.reorder = flag(object, "reorder", where);
  return jitter;
}

Bursts parse_bursts(const json& object, const std::string& where) {
  const Bursts bursts{probability(object, "to_bad", where), probability(object, "to_good", where),
                      probability(object, "loss", where)};
  if (bursts.to_bad > 0 && bursts.to_good == 0 && bursts.loss == 1)
    throw std::runtime_error(where + ": expected a way out of losing everything, found to_good 0");
  return bursts;
}

// Opportunities take the rate's place.
LinkState parse_state(const json& object, const std::string& where, bool has_rate, double least_rate = 1) {
  LinkState link;
  link.delay = time(object, "delay_ns", where, longest_delay);
  link.bits_per_second = has_rate ? number(object, "bps", where, "a finite rate from 1 to 1e15 bit/s",
                                           [&](double rate) { return rate >= least_rate && rate <= 1e15; })
                                  : 0;
  link.loss =
      number(object, "loss", where, "a probability below 1", [](double p) { return p >= 0 && p < 1; });
  if (object.contains("mtu")) link.mtu = integer<std::uint32_t>(object, "mtu", where, 576, 65535);
  link.queue_bytes = integer<std::uint64_t>(object, "queue_bytes", where, 0, 1'000'000'000'000'000'000);
  if (link.queue_bytes != 0 && link.queue_bytes < link.mtu + ppp_bytes)
    refuse(where + ".queue_bytes",
           "room for one packet of " + std::to_string(link.mtu + ppp_bytes) + " bytes, or 0",
           link.queue_bytes);
  if (object.contains("jitter")) link.jitter = parse_jitter(object["jitter"], where + ".jitter");
  if (object.contains("bursts")) link.bursts = parse_bursts(object["bursts"], where + ".bursts");
  if (object.contains("down")) link.down = flag(object, "down", where);
  if (link.down && !has_rate)
    throw std::runtime_error(where + ".down: expected no down time on a link of opportunities, found true");
  return link;
}

void parse_schedule(const json& changes, const std::string& where, LinkSpec& link) {
  if (!changes.is_array()) refuse(where, "an array of changes", changes);
  for (const json& change : changes) {
    const std::string here = where + "[" + std::to_string(link.schedule.size()) + "]";
    const LinkTime at = time(change, "at_ns", here, longest_schedule);
    if (!link.schedule.empty() && at <= link.schedule.back().at)
      refuse(here + ".at_ns", "later than " + std::to_string(link.schedule.back().at.count()), at.count());
    link.schedule.push_back({at, parse_state(change, here, link.opportunities.empty())});
  }
}

void parse_opportunities(const json& moments, const std::string& where, LinkSpec& link) {
  if (!moments.is_array() || moments.empty()) refuse(where, "an array of moments", moments);
  for (const json& moment : moments) {
    const std::string here = where + "[" + std::to_string(link.opportunities.size()) + "]";
    const Int64 earliest = link.opportunities.empty() ? 0 : link.opportunities.back().count();
    link.opportunities.emplace_back(integer<Int64>(moment, here, earliest, longest_schedule));
  }
  if (link.opportunities.back() == LinkTime{})
    throw std::runtime_error(where + ": expected a last moment after 0, found 0");
}

void refuse_a_dead_link(const LinkSpec& link, const std::string& where) {
  const bool repeats = link.period > LinkTime{};
  const auto is_down = [](const LinkChange& change) { return change.link.down; };
  const bool for_good = link.schedule.empty() ? link.down
                        : repeats
                            ? link.down && std::all_of(link.schedule.begin(), link.schedule.end(), is_down)
                            : link.schedule.back().link.down;
  if (for_good)
    throw std::runtime_error(where + ": expected a link that is up in the end, found one that stays down");
}

}  // namespace

const char* name_of(JitterLaw law) {
  switch (law) {
    case JitterLaw::uniform:
      return "uniform";
    case JitterLaw::normal:
      return "normal";
    case JitterLaw::exponential:
      return "exponential";
    case JitterLaw::pareto:
      return "pareto";
    case JitterLaw::none:
      break;
  }
  return "none";
}

json to_json(const LinkSpec& link) {
  json object = state_json(link);
  for (const LinkChange& change : link.schedule) {
    json state = state_json(change.link);
    state["at_ns"] = change.at.count();
    object["schedule"].push_back(std::move(state));
  }
  if (link.period != LinkTime{}) object["period_ns"] = link.period.count();
  for (const LinkTime moment : link.opportunities) object["opportunities_ns"].push_back(moment.count());
  return object;
}

std::uint64_t fingerprint_of(const LinkSpec& link) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : to_json(link).dump()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

LinkSpec parse_link(const json& object, const std::string& where, bool may_be_unlimited) {
  LinkSpec link;
  if (object.contains("opportunities_ns"))
    parse_opportunities(object["opportunities_ns"], where + ".opportunities_ns", link);
  static_cast<LinkState&>(link) =
      parse_state(object, where, link.opportunities.empty(), may_be_unlimited ? 0 : 1);
  if (object.contains("schedule")) parse_schedule(object["schedule"], where + ".schedule", link);
  if (object.contains("period_ns")) link.period = time(object, "period_ns", where, longest_schedule);
  if (link.period > LinkTime{} && (link.schedule.empty() || link.period <= link.schedule.back().at))
    refuse(where + ".period_ns", "0, or later than the schedule's last change", link.period.count());
  refuse_a_dead_link(link, where);
  return link;
}

json to_json(const TcpSpec& tcp) {
  return {{"congestion", tcp.congestion},
          {"segment_bytes", tcp.segment},
          {"buffer_bytes", tcp.buffer},
          {"initial_window", tcp.initial_window},
          {"min_rto_ns", tcp.min_rto.count()},
          {"rto_form", tcp.rto_form},
          {"delayed_ack_segments", tcp.delayed_ack_segments},
          {"delayed_ack_timeout_ns", tcp.delayed_ack_timeout.count()},
          {"slow_start_after_idle", tcp.slow_start_after_idle},
          {"app_limited_decay", tcp.app_limited_decay}};
}

TcpSpec parse_tcp(const json& object, const std::string& where) {
  const auto count = [&](const char* key) {
    return integer<std::uint32_t>(object, key, where, 0, std::numeric_limits<std::uint32_t>::max());
  };
  TcpSpec tcp;
  tcp.congestion = text(object, "congestion", where);
  tcp.segment = count("segment_bytes");
  tcp.buffer = count("buffer_bytes");
  tcp.initial_window = count("initial_window");
  tcp.min_rto = time(object, "min_rto_ns", where, longest_delay);
  tcp.rto_form = text(object, "rto_form", where);
  tcp.delayed_ack_segments = count("delayed_ack_segments");
  tcp.delayed_ack_timeout = time(object, "delayed_ack_timeout_ns", where, longest_delay);
  tcp.slow_start_after_idle = flag(object, "slow_start_after_idle", where);
  tcp.app_limited_decay = text(object, "app_limited_decay", where);
  return tcp;
}

}  // namespace splitwan::engine
