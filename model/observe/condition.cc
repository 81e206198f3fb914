#include "model/observe/condition.hh"

#include <cmath>
#include <limits>

#include "engine/base/error.hh"
#include "engine/base/json_file.hh"
#include "engine/base/link_json.hh"

namespace splitwan::model {
namespace {

using engine::JitterLaw;
using engine::LinkSpec;
using engine::seconds;
using engine::StatedLink;

constexpr double infinite = std::numeric_limits<double>::infinity();

double rate_of(const LinkSpec& link) { return link.bits_per_second > 0 ? link.bits_per_second : infinite; }
double jitter_of(const LinkSpec& link) {
  return link.jitter.law == JitterLaw::none ? 0 : seconds(link.jitter.scale);
}

std::string size_label(double bytes) {
  return bytes >= 1e6 ? fmt::format("{:g} MB", bytes / 1e6) : fmt::format("{:g} kB", bytes / 1e3);
}

bool has_default_queue(const LinkSpec& link, double rtt_s) {
  LinkSpec usual = link;
  usual.queue_bytes = 0;
  engine::resolve_queues(usual, engine::LinkTime(std::llround(rtt_s * 1e9)));
  return link.queue_bytes == 0 || link.queue_bytes == usual.queue_bytes;
}

struct Words {
  std::vector<std::string> also, apart, unfit;
  bool operator==(const Words&) const = default;
};

// `way`: "", " up" or " down".
Words words_of(const StatedLink& stated, double rtt_s, bool packets, const char* way) {
  const LinkSpec& link = stated.link;
  Words w;
  if (packets && !has_default_queue(link, rtt_s)) {
    const double product = link.bits_per_second / 8 * rtt_s, queue = static_cast<double>(link.queue_bytes);
    w.also.push_back(
        fmt::format("queue{} {}{}", way, size_label(queue),
                    queue < product ? fmt::format(" ({:.2g} of what is under way)", queue / product) : ""));
  }
  if (link.jitter.law != JitterLaw::none && link.jitter.law != JitterLaw::exponential)
    w.also.push_back(fmt::format("jitter{}: {}", way, engine::name_of(link.jitter.law)));
  if (link.jitter.correlation > 0)
    w.also.push_back(fmt::format("jitter{} correlated by {:g}", way, link.jitter.correlation));
  if (link.jitter.reorder) w.also.push_back(fmt::format("packets{} overtake each other", way));
  if (link.mtu != LinkSpec().mtu) w.also.push_back(fmt::format("MTU{} {}", way, link.mtu));
  if (link.bursts.to_bad > 0)
    w.also.push_back(fmt::format("bursts{} ({:g} % to bad, {:g} % to good, {:g} % lost)", way,
                                 link.bursts.to_bad * 100, link.bursts.to_good * 100,
                                 link.bursts.loss * 100));
  if (!link.schedule.empty() || link.down)
    w.also.push_back(fmt::format("schedule{} of {} changes #{:08x}", way, link.schedule.size(),
                                 engine::fingerprint_of(link) & 0xffffffff));
  if (link.cross.bits_per_second > 0)
    w.apart.push_back(fmt::format(
        "{}{} of {:g} Mbit/s{}", others_word, way, link.cross.bits_per_second / 1e6,
        link.cross.off.count() > 0 ? fmt::format(" ({:g} ms on, {:g} ms off)", seconds(link.cross.on) * 1e3,
                                                 seconds(link.cross.off) * 1e3)
                                   : ""));
  if (!link.losses.empty())
    w.unfit.push_back(fmt::format("{} recorded losses{} #{:08x}", link.losses.size(), way,
                                  engine::fingerprint_of(link) & 0xffffffff));
  if (stated.deliveries > 0)
    w.unfit.push_back(fmt::format("packet deliveries{} (Mahimahi), {} #{:08x}", way, stated.deliveries,
                                  stated.fingerprint & 0xffffffff));
  return w;
}

void add(Condition& c, Words w) {
  c.also.insert(c.also.end(), w.also.begin(), w.also.end());
  c.apart.insert(c.apart.end(), w.apart.begin(), w.apart.end());
  c.unfit.insert(c.unfit.end(), w.unfit.begin(), w.unfit.end());
}

void add(Condition& c, const engine::OtherSessions& others) {
  if (others.count == 0) return;
  c.apart.push_back(fmt::format(
      "{}: {} other session{} ({} up, {} down, {:g} ms held, {:g} ms rest)", others_word, others.count,
      others.count == 1 ? "" : "s", size_label(static_cast<double>(others.up)),
      size_label(static_cast<double>(others.down)), seconds(others.held) * 1e3, seconds(others.pause) * 1e3));
}

void add(Condition& c, const engine::TcpSpec& tcp) {
  const engine::TcpSpec usual;
  const auto differs = [&](const char* name, const auto& found, const auto& expected) {
    if (found != expected) c.also.push_back(fmt::format("tcp {} {}", name, found));
  };
  if (tcp.congestion != usual.congestion) c.apart.push_back(fmt::format("tcp congestion {}", tcp.congestion));
  if (tcp.nagle) c.apart.push_back("tcp nagle");
  differs("segment", tcp.segment, usual.segment);
  differs("buffer", tcp.buffer, usual.buffer);
  differs("initial_window", tcp.initial_window, usual.initial_window);
  differs("min_rto_ns", tcp.min_rto.count(), usual.min_rto.count());
  differs("rto_form", tcp.rto_form, usual.rto_form);
  differs("delayed_ack_segments", tcp.delayed_ack_segments, usual.delayed_ack_segments);
  differs("delayed_ack_timeout_ns", tcp.delayed_ack_timeout.count(), usual.delayed_ack_timeout.count());
  differs("recovery", tcp.recovery, usual.recovery);
  differs("slow_start_after_idle", tcp.slow_start_after_idle, usual.slow_start_after_idle);
  differs("app_limited_decay", tcp.app_limited_decay, usual.app_limited_decay);
}

double within(double low, double high, engine::ObjectReader& r, const char* key, double otherwise = 0) {
  const Json* found = r.find(key);
  if (!found || found->is_null()) return otherwise;
  const auto value = r.need<double>(key);
  if (value >= low && value <= high) return value;
  throw engine::Error("{}: expected {:g} to {:g}, found {:g}", r.path(key), low, high, value);
}

// What was measured has no more digits than it can mean.
std::string digits(double value, bool measured, int significant) {
  return measured ? fmt::format("{:.{}g}", value, significant) : fmt::format("{:g}", value);
}

std::string megabits(double bps, bool measured) {
  return std::isinf(bps) ? "unlimited" : digits(bps / 1e6, measured, 3);
}

// "0.1 %" or, where the ways differ, "0.1/0 % up/down".
std::string both_ways(double mean, double up, double down, bool measured, double scale, const char* unit) {
  if (up == down) return fmt::format("{} {}", digits(mean * scale, measured, 3), unit);
  return fmt::format("{}/{} {} up/down", digits(up * scale, measured, 3), digits(down * scale, measured, 3),
                     unit);
}

Details details_of(const engine::StatedEdge& edge, double rtt_s, const std::optional<engine::TcpSpec>& tcp) {
  LinkSpec up = edge.up.link, down = edge.down.link;
  for (LinkSpec* link : {&up, &down}) {
    if (!tcp || has_default_queue(*link, rtt_s)) link->queue_bytes = 0;
    link->delay = link->jitter.scale = {};
    link->bits_per_second = link->loss = 0;
    engine::Jitter& jitter = link->jitter;  // exponential is what a scale alone says
    if (jitter.law == JitterLaw::exponential && jitter.correlation == 0 && !jitter.reorder) jitter = {};
  }
  return {up, down, tcp, edge.sessions};
}

}  // namespace

Condition condition_of(const engine::StatedNetwork& network) {
  Condition c;
  c.network = network.kind;
  c.live = network.live;
  c.up_bps = c.down_bps = infinite;
  if (network.edges.empty()) return c;
  const StatedLink &up = network.edges[0].up, &down = network.edges[0].down;
  c.rtt_s = seconds(up.link.delay + down.link.delay);
  c.up_bps = rate_of(up.link);
  c.down_bps = rate_of(down.link);
  c.loss = (up.link.loss + down.link.loss) / 2;
  c.loss_tilt = (down.link.loss - up.link.loss) / 2;
  const double jitter_up = jitter_of(up.link), jitter_down = jitter_of(down.link);
  c.jitter_s = (jitter_up + jitter_down) / 2;
  c.jitter_tilt_s = (jitter_down - jitter_up) / 2;
  const bool packets = network.tcp.has_value();
  const auto of = [&](const StatedLink& link, const char* way) {
    return words_of(link, c.rtt_s, packets, way);
  };
  if (const Words same = of(up, ""); same == of(down, "")) {
    add(c, same);
  } else {
    add(c, of(up, " up"));
    add(c, of(down, " down"));
  }
  add(c, network.edges[0].sessions);
  if (network.tcp) add(c, *network.tcp);
  c.details = details_of(network.edges[0], c.rtt_s, network.tcp);
  if (network.edges.size() > 1) c.unfit.push_back(fmt::format("a network of {} links", network.edges.size()));
  if (!network.unsaid.empty()) {
    const auto says = [&](const char* word) { return network.unsaid.find(word) != std::string::npos; };
    const bool unfit =
        says("bursts") || says("schedule") || says("mahimahi") || says("csv") || says("outage");
    (unfit ? c.unfit : c.apart).push_back("its scenario says " + network.unsaid);
  }
  return c;
}

Condition condition_of_pairs(const engine::StatedNetwork& network) {
  if (network.edges.size() < 2) return condition_of(network);
  engine::StatedNetwork one = network;
  one.edges.resize(1);
  Condition first = condition_of(one);
  for (const engine::StatedEdge& edge : network.edges) {
    one.edges[0] = edge;
    one.edges[0].a = network.edges[0].a, one.edges[0].b = network.edges[0].b;
    if (const Condition other = condition_of(one); other != first) {
      first.unfit.push_back(
          fmt::format("{} links that differ ({}; {})", network.edges.size(), label(first), label(other)));
      break;
    }
  }
  return first;
}

PairConditions conditions_of_pairs(const engine::StatedNetwork& network) {
  engine::StatedNetwork outer = network, inner = network;
  std::erase_if(outer.edges, [](auto& e) { return e.a != 0 && e.b != 0; });
  std::erase_if(inner.edges, [](auto& e) { return e.a == 0 || e.b == 0; });
  return {condition_of_pairs(outer), condition_of_pairs(inner)};
}

Json to_json(const Condition& c) {
  const auto rate = [](double bps) { return std::isinf(bps) ? Json() : Json(bps); };
  Json j = {{"network", c.network},
            {"rtt_s", c.rtt_s},
            {"up_bps", rate(c.up_bps)},
            {"down_bps", rate(c.down_bps)},
            {"loss", c.loss}};
  if (c.live) j["live"] = true;
  if (c.loss_tilt != 0) j["loss_up"] = c.loss_up(), j["loss_down"] = c.loss_down();
  if (c.jitter_s > 0) j["jitter_s"] = c.jitter_s;
  if (c.jitter_tilt_s != 0) j["jitter_up_s"] = c.jitter_up_s(), j["jitter_down_s"] = c.jitter_down_s();
  for (const auto& [key, words] : {std::pair{"also", &c.also}, {"apart", &c.apart}, {"unfit", &c.unfit}}) {
    if (!words->empty()) j[key] = *words;
  }
  if (!c.details.text().empty()) j["details"] = Json::parse(c.details.text());
  return j;
}

Json link_json(const Condition& c) {
  Json j = to_json(c);
  for (const char* carrier : {"network", "live"}) j.erase(carrier);
  return j;
}

Condition condition_of(const Json& object, const std::string& where) {
  engine::ObjectReader r(object, where);
  return condition_of(r);
}

Condition condition_of(engine::ObjectReader& r) {
  constexpr double longest_s = 3600, most_loss = 0.999;
  const auto rate = [&](const char* key) {
    const double bps = within(0, 1e18, r, key);
    return bps > 0 ? bps : infinite;
  };
  Condition c;
  c.network = r.get<std::string>("network", "");
  c.live = r.get("live", engine::live_unless_said(c.network));
  c.rtt_s = within(0, longest_s, r, "rtt_s");
  c.up_bps = rate("up_bps");
  c.down_bps = rate("down_bps");
  c.loss = within(0, most_loss, r, "loss");
  c.jitter_s = within(0, longest_s, r, "jitter_s");
  c.loss_tilt =
      (within(0, most_loss, r, "loss_down", c.loss) - within(0, most_loss, r, "loss_up", c.loss)) / 2;
  c.jitter_tilt_s = (within(0, longest_s, r, "jitter_down_s", c.jitter_s) -
                     within(0, longest_s, r, "jitter_up_s", c.jitter_s)) /
                    2;
  for (const auto& [key, words] : {std::pair{"also", &c.also}, {"apart", &c.apart}, {"unfit", &c.unfit}})
    *words = r.get(key, std::vector<std::string>());
  if (const Json* details = r.find("details")) c.details = Details::of(*details, r.path("details"));
  return c;
}

std::string bandwidth_label(const Condition& c) {
  // Of a live link that is no limit, but one that its steps do not tell.
  if (c.live && std::isinf(c.up_bps) && std::isinf(c.down_bps)) return "rate unknown";
  if (c.up_bps == c.down_bps)
    return std::isinf(c.up_bps) ? "unlimited" : megabits(c.up_bps, c.live) + " Mbit/s";
  return fmt::format("{}/{} Mbit/s", megabits(c.up_bps, c.live), megabits(c.down_bps, c.live));
}

std::string label(const Condition& c) {
  if (c.live && c.rtt_s == 0) return "live connection";
  std::string text = fmt::format("{} ms, {}", digits(c.rtt_s * 1e3, c.live, 4), bandwidth_label(c));
  if (c.loss > 0) text += ", " + both_ways(c.loss, c.loss_up(), c.loss_down(), c.live, 100, "%") + " loss";
  if (c.jitter_s > 0)
    text += ", jitter " + both_ways(c.jitter_s, c.jitter_up_s(), c.jitter_down_s(), c.live, 1e3, "ms");
  for (const auto* words : {&c.also, &c.apart, &c.unfit}) {
    for (const std::string& word : *words) text += ", " + word;
  }
  return text;
}

}  // namespace splitwan::model
