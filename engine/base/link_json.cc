#include "engine/base/link_json.hh"

#include <algorithm>
#include <limits>

#include "engine/base/json_file.hh"

namespace splitwan::engine {
namespace {

using nlohmann::json;
using Int64 = std::int64_t;

constexpr Int64 longest_delay = 3'600'000'000'000;         // an hour: beyond it a unit was mistaken
constexpr Int64 longest_schedule = 8'640'000'000'000'000;  // 100 days
constexpr std::uint32_t most_sessions = 100;
constexpr std::uint64_t longest_message = 1'000'000'000;
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

LinkTime time(ObjectReader& r, const char* key, Int64 longest) {
  return LinkTime(r.whole<Int64>(key, 0, longest));
}

// A number that `fits`, which also says no to what is not finite.
template <typename Fits>
double number(ObjectReader& r, const char* key, const char* expected, Fits fits) {
  const auto value = r.need<double>(key);
  if (fits(value)) return value;
  throw Error("{}: expected {}, found {}", r.path(key), expected, value);
}

double probability(ObjectReader& r, const char* key) {
  return number(r, key, "a probability from 0 to 1", [](double p) { return p >= 0 && p <= 1; });
}

Jitter parse_jitter(ObjectReader r) {
  Jitter jitter;
  const auto law = r.need<std::string>("law");
  const auto found =
      std::find_if(std::begin(laws), std::end(laws), [&](JitterLaw l) { return law == name_of(l); });
  if (found == std::end(laws))
    throw Error("{}: expected none, uniform, normal, exponential or pareto, found \"{}\"", r.path("law"),
                law);
  jitter.law = *found;
  jitter.scale = time(r, "scale_ns", longest_delay);
  if (r.find("correlation"))
    jitter.correlation =
        number(r, "correlation", "a correlation from 0 to below 1", [](double c) { return c >= 0 && c < 1; });
  jitter.reorder = r.get("reorder", jitter.reorder);
  r.done();
  return jitter;
}

Bursts parse_bursts(ObjectReader r) {
  const Bursts bursts{probability(r, "to_bad"), probability(r, "to_good"), probability(r, "loss")};
  r.done();
  if (bursts.to_bad > 0 && bursts.to_good == 0 && bursts.loss == 1)
    throw Error("{}: expected a way out of losing everything, found to_good 0", r.where());
  return bursts;
}

// Opportunities take the rate's place.
LinkState parse_state(ObjectReader& r, bool has_rate, double least_rate = 1) {
  LinkState link;
  link.delay = time(r, "delay_ns", longest_delay);
  if (has_rate)
    link.bits_per_second = number(r, "bps", "a finite rate from 1 to 1e15 bit/s",
                                  [&](double rate) { return rate >= least_rate && rate <= 1e15; });
  else
    r.find("bps");
  link.loss = number(r, "loss", "a probability below 1", [](double p) { return p >= 0 && p < 1; });
  if (r.find("mtu")) link.mtu = r.whole<std::uint32_t>("mtu", 576, 65535);
  link.queue_bytes = r.whole<std::uint64_t>("queue_bytes", 0, 1'000'000'000'000'000'000);
  if (link.queue_bytes != 0 && link.queue_bytes < link.mtu + ppp_bytes)
    throw Error("{}: expected room for one packet of {} bytes, or 0, found {}", r.path("queue_bytes"),
                link.mtu + ppp_bytes, link.queue_bytes);
  if (r.find("jitter")) link.jitter = parse_jitter(r.child("jitter"));
  if (r.find("bursts")) link.bursts = parse_bursts(r.child("bursts"));
  link.down = r.get("down", link.down);
  if (link.down && !has_rate)
    throw Error("{}: expected no down time on a link of opportunities, found true", r.path("down"));
  return link;
}

void parse_schedule(ObjectReader& outer, LinkSpec& link) {
  for (const Json& change : outer.list("schedule")) {
    ObjectReader r(change, fmt::format("{}[{}]", outer.path("schedule"), link.schedule.size()));
    const LinkTime at = time(r, "at_ns", longest_schedule);
    if (!link.schedule.empty() && at <= link.schedule.back().at)
      throw Error("{}: expected later than {}, found {}", r.path("at_ns"), link.schedule.back().at.count(),
                  at.count());
    link.schedule.push_back({at, parse_state(r, link.opportunities.empty())});
    r.done();
  }
}

void parse_opportunities(ObjectReader& r, LinkSpec& link) {
  const std::string where = r.path("opportunities_ns");
  Int64 earliest = 0;
  for (const Int64 moment : r.need<std::vector<Int64>>("opportunities_ns")) {
    if (moment < earliest || moment > longest_schedule)
      throw Error("{}[{}]: expected a whole number from {} to {}, found {}", where, link.opportunities.size(),
                  earliest, longest_schedule, moment);
    link.opportunities.emplace_back(earliest = moment);
  }
  if (earliest == 0)
    throw Error("{}: expected moments, the last one after 0, found {}", where,
                r.at("opportunities_ns").dump());
}

void parse_losses(ObjectReader& r, LinkSpec& link) {
  link.losses = r.need<std::vector<std::uint64_t>>("losses_bytes");
  if (!std::is_sorted(link.losses.begin(), link.losses.end()))
    throw Error("{}: expected ascending bytes, found a smaller one behind a larger", r.path("losses_bytes"));
}

CrossTraffic parse_cross(ObjectReader r) {
  CrossTraffic cross;
  cross.bits_per_second = number(r, "bps", "a finite rate from 1 to 1e15 bit/s",
                                 [](double rate) { return rate >= 1 && rate <= 1e15; });
  cross.on = time(r, "on_ns", longest_delay);
  cross.off = time(r, "off_ns", longest_delay);
  cross.packet = r.whole<std::uint32_t>("packet_bytes", 40, 65535);
  r.done();
  if (cross.off > LinkTime{} && cross.on == LinkTime{})
    throw Error("{}: expected a time above 0 where off is one, found 0", r.path("on_ns"));
  return cross;
}

void refuse_a_dead_link(const LinkSpec& link, const std::string& where) {
  const bool repeats = link.period > LinkTime{};
  const auto is_down = [](const LinkChange& change) { return change.link.down; };
  const bool for_good = link.schedule.empty() ? link.down
                        : repeats
                            ? link.down && std::all_of(link.schedule.begin(), link.schedule.end(), is_down)
                            : link.schedule.back().link.down;
  if (for_good) throw Error("{}: expected a link that is up in the end, found one that stays down", where);
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
  if (!link.losses.empty()) object["losses_bytes"] = link.losses;
  if (const CrossTraffic& cross = link.cross; cross.bits_per_second > 0)
    object["cross"] = {{"bps", cross.bits_per_second},
                       {"on_ns", cross.on.count()},
                       {"off_ns", cross.off.count()},
                       {"packet_bytes", cross.packet}};
  return object;
}

std::uint64_t fingerprint_of(const LinkSpec& link) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : to_json(link).dump()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

LinkSpec parse_link_keys(ObjectReader& r, bool may_be_unlimited) {
  LinkSpec link;
  if (r.find("opportunities_ns")) parse_opportunities(r, link);
  static_cast<LinkState&>(link) = parse_state(r, link.opportunities.empty(), may_be_unlimited ? 0 : 1);
  if (r.find("schedule")) parse_schedule(r, link);
  if (r.find("period_ns")) link.period = time(r, "period_ns", longest_schedule);
  if (r.find("losses_bytes")) parse_losses(r, link);
  if (r.find("cross")) link.cross = parse_cross(r.child("cross"));
  if (link.period > LinkTime{} && (link.schedule.empty() || link.period <= link.schedule.back().at))
    throw Error("{}: expected 0, or later than the schedule's last change, found {}", r.path("period_ns"),
                link.period.count());
  refuse_a_dead_link(link, r.where());
  return link;
}

LinkSpec parse_link(const Json& link, const std::string& where) {
  ObjectReader r(link, where);
  LinkSpec read = parse_link_keys(r);
  r.done();
  return read;
}

json to_json(const OtherSessions& sessions) {
  return {{"count", sessions.count},
          {"up_bytes", sessions.up},
          {"down_bytes", sessions.down},
          {"held_ns", sessions.held.count()},
          {"pause_ns", sessions.pause.count()}};
}

OtherSessions parse_sessions(ObjectReader r) {
  OtherSessions sessions;
  sessions.count = r.whole<std::uint32_t>("count", 1, most_sessions);
  sessions.up = r.whole<std::uint64_t>("up_bytes", 1, longest_message);
  sessions.down = r.whole<std::uint64_t>("down_bytes", 1, longest_message);
  sessions.held = time(r, "held_ns", longest_delay);
  sessions.pause = time(r, "pause_ns", longest_delay);
  r.done();
  return sessions;
}

json to_json(const TcpSpec& tcp) {
  json all = {{"congestion", tcp.congestion},
              {"segment_bytes", tcp.segment},
              {"buffer_bytes", tcp.buffer},
              {"initial_window", tcp.initial_window},
              {"min_rto_ns", tcp.min_rto.count()},
              {"rto_form", tcp.rto_form},
              {"delayed_ack_segments", tcp.delayed_ack_segments},
              {"delayed_ack_timeout_ns", tcp.delayed_ack_timeout.count()},
              {"slow_start_after_idle", tcp.slow_start_after_idle},
              {"app_limited_decay", tcp.app_limited_decay}};
  if (tcp.recovery != TcpSpec().recovery) all["recovery"] = tcp.recovery;
  if (tcp.nagle) all["nagle"] = true;
  return all;
}

TcpSpec parse_tcp(ObjectReader r) {
  TcpSpec tcp;
  tcp.congestion = r.need<std::string>("congestion");
  tcp.segment = r.need<std::uint32_t>("segment_bytes");
  tcp.buffer = r.need<std::uint32_t>("buffer_bytes");
  tcp.initial_window = r.need<std::uint32_t>("initial_window");
  tcp.min_rto = time(r, "min_rto_ns", longest_delay);
  tcp.rto_form = r.need<std::string>("rto_form");
  tcp.delayed_ack_segments = r.need<std::uint32_t>("delayed_ack_segments");
  tcp.delayed_ack_timeout = time(r, "delayed_ack_timeout_ns", longest_delay);
  tcp.slow_start_after_idle = r.need<bool>("slow_start_after_idle");
  tcp.app_limited_decay = r.need<std::string>("app_limited_decay");
  tcp.recovery = r.get("recovery", tcp.recovery);
  tcp.nagle = r.get("nagle", false);
  if (tcp.recovery != "rfc6675" && tcp.recovery != "rack")
    throw Error("{}: expected rfc6675 or rack, found '{}'", r.path("recovery"), tcp.recovery);
  r.done();
  return tcp;
}

}  // namespace splitwan::engine
