#include "scenarios/read/read_link.hh"

#include <filesystem>

#include "engine/base/units.hh"
#include "scenarios/imports/link_csv.hh"
#include "scenarios/imports/mahimahi.hh"
#include "scenarios/imports/tc_netem.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;
using netsim::LinkState;

double parse_link_rate(const std::string& text) {
  if (text == "unlimited") return 0;
  const double bps = engine::parse_rate(text);
  if (bps <= 0) throw Error("'{}' lets nothing through: expected a rate above 0, unlimited, or outage", text);
  return bps;
}

// 0.005 or "0.5%".
double read_fraction(ObjectReader& r, const std::string& key, double otherwise) {
  const Json* value = r.find(key);
  if (!value) return otherwise;
  double fraction = 0;
  if (value->is_number()) {
    fraction = r.need<double>(key);
    if (!(fraction >= 0 && fraction <= 1))
      throw Error("{}: expected 0 to 1, found {}", r.path(key), fraction);
  } else {
    read_text(r, key, [&](const std::string& text) { fraction = engine::parse_fraction(text); });
  }
  return fraction;
}

netsim::JitterLaw law_named(const std::string& name) {
  const std::pair<const char*, netsim::JitterLaw> laws[] = {{"none", netsim::JitterLaw::none},
                                                            {"uniform", netsim::JitterLaw::uniform},
                                                            {"normal", netsim::JitterLaw::normal},
                                                            {"exponential", netsim::JitterLaw::exponential},
                                                            {"pareto", netsim::JitterLaw::pareto}};
  for (const auto& [known, law] : laws) {
    if (name == known) return law;
  }
  throw Error("'{}': expected none, uniform, normal, exponential or pareto", name);
}

void read_jitter(ObjectReader& outer, netsim::Jitter& jitter) {
  const Json* value = outer.find("jitter");
  if (!value) return;
  jitter = {netsim::JitterLaw::exponential};
  const auto scale = [&](const std::string& text) { jitter.scale = engine::parse_duration(text); };
  if (value->is_string()) return read_text(outer, "jitter", scale);
  ObjectReader r(*value, outer.path("jitter"));
  read_text(r, "law", [&](const std::string& text) { jitter.law = law_named(text); });
  read_text(r, "scale", scale);
  jitter.correlation = read_fraction(r, "correlation", 0);
  jitter.reorder = r.get("reorder", false);
  r.done();
}

void read_bursts(ObjectReader& outer, netsim::Bursts& bursts) {
  const Json* value = outer.find("bursts");
  if (!value) return;
  ObjectReader r(*value, outer.path("bursts"));
  bursts.to_bad = read_fraction(r, "to_bad", 0);
  bursts.to_good = read_fraction(r, "to_good", 1);
  bursts.loss = read_fraction(r, "loss", 1);
  r.done();
}

// One direction as it is being read.
struct Reading {
  LinkState& link;
  bool is_up;
};
using Row = engine::KeyRow<Reading>;

const std::vector<Row>& state_rows() {
  static const std::vector<Row> rows = {
      {{"rtt", "time, as in 80ms", "80ms", "round trip without waiting; half of it each way"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& text) {
           const auto rtt = engine::parse_duration(text);
           t.link.delay = t.is_up ? rtt / 2 : rtt - rtt / 2;
         });
       }},
      {{"delay", "time, as in 40ms", "40ms", "one way"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& text) { t.link.delay = engine::parse_duration(text); });
       }},
      {{"rate", "bits per second, as in 100Mbit, or unlimited (ideal links)", "100Mbit", "of the link"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& text) { t.link.bits_per_second = parse_link_rate(text); });
       }},
      {{"loss", "share, 0 to 1, or as in 0.5%", "0", "of packets, by chance"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         t.link.loss = read_fraction(r, key, t.link.loss);
       }},
      {{"queue", "bytes, as in 4MB", "rate x rtt, at least 64KiB", "that may wait before the link"},
       [](Reading& t, ObjectReader& r, const std::string& key) {
         read_text(r, key, [&](const std::string& text) { t.link.queue_bytes = engine::parse_bytes(text); });
       }},
      {{"mtu", "bytes", "1500", "of the largest IP packet"},
       [](Reading& t, ObjectReader& r, const std::string& key) { t.link.mtu = r.get(key, t.link.mtu); }},
      {{"outage", "true or false", "false", "nothing leaves; packets wait in the queue"},
       [](Reading& t, ObjectReader& r, const std::string& key) { t.link.down = r.get(key, t.link.down); }},
      {{"jitter", "time (exponential), or {law, scale, correlation, reorder}", "none",
        "added to each packet's delay; law: uniform, normal, exponential or pareto; correlation: share; "
        "reorder: whether packets may overtake"},
       [](Reading& t, ObjectReader& r, const std::string&) { read_jitter(r, t.link.jitter); }},
      {{"bursts", "{to_bad, to_good, loss}", "none",
        "Gilbert-Elliott losses: chance per packet to turn bad and good again, and of loss while bad"},
       [](Reading& t, ObjectReader& r, const std::string&) { read_bursts(r, t.link.bursts); }},
  };
  return rows;
}

// A rate alone, or an object.
void read_cross(ObjectReader& outer, netsim::CrossTraffic& cross) {
  const Json* value = outer.find("cross");
  if (!value) return;
  const Json object = value->is_string() ? Json{{"rate", *value}} : *value;
  ObjectReader r(object, outer.path("cross"));
  if (!r.find("rate")) throw Error("{} is missing", r.path("rate"));
  read_text(r, "rate", [&](const std::string& text) { cross.bits_per_second = engine::parse_rate(text); });
  read_text(r, "on", [&](const std::string& text) { cross.on = engine::parse_duration(text); });
  read_text(r, "off", [&](const std::string& text) { cross.off = engine::parse_duration(text); });
  cross.packet = r.get("packet", cross.packet);
  r.done();
}

void read_state(ObjectReader& r, LinkState& link, bool is_up) {
  Reading reading{link, is_up};
  read_rows(state_rows(), reading, r);
}

}  // namespace

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::vector<SchemaKey> link_schema() {
  std::vector<SchemaKey> list = {
      {"netem", "text, as in delay 40ms 5ms loss 0.5%", "none", "tc's words, applied before the other keys"}};
  append(list, keys_of(state_rows()));
  append(list, {{"mahimahi", "file", "none", "packet deliveries; they take the place of the rate"},
                {"csv", "file", "none", "time, rate_mbps, delay_ms, loss, down: a schedule"},
                {"schedule", "list of {at: time, LINK keys}", "none", "what changes then"},
                {"period", "time, as in 10s", "none", "after which the schedule repeats"},
                {"cross", "rate, or {rate, on, off, packet}", "none",
                 "other people's packets in the same queue, steady or on and off in turn"}});
  return list;
}

void read_link(ObjectReader& r, netsim::LinkSpec& link, bool is_up, const std::string& folder,
               std::vector<std::string>& unknown) {
  read_text(r, "netem", [&](const std::string& text) { apply_netem(text, link, &unknown); });
  read_state(r, link, is_up);
  read_text(r, "mahimahi",
            [&](const std::string& file) { link.opportunities = read_mahimahi(beside(folder, file)); });
  read_text(r, "csv", [&](const std::string& file) { apply_csv(beside(folder, file), link); });
  read_cross(r, link.cross);
  if (const Json* changes = r.find("schedule")) {
    if (!changes->is_array())
      throw Error("{}: expected a list, found {}", r.path("schedule"), changes->dump());
    link.schedule.clear();
    LinkState state = link;
    for (const Json& change : *changes) {
      ObjectReader item(change, fmt::format("{}[{}]", r.path("schedule"), link.schedule.size()));
      netsim::LinkTime at{};
      if (!item.find("at")) throw Error("{} is missing", item.path("at"));
      read_text(item, "at", [&](const std::string& text) { at = engine::parse_duration(text); });
      read_state(item, state, is_up);
      item.done();
      if (!link.schedule.empty() && at <= link.schedule.back().at)
        throw Error("{}: expected a time after the change before it", item.path("at"));
      link.schedule.push_back({at, state});
    }
  }
  read_text(r, "period", [&](const std::string& text) { link.period = engine::parse_duration(text); });
}

}  // namespace splitwan::scenarios
