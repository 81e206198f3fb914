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

void read_state(ObjectReader& r, LinkState& link, bool is_up) {
  read_text(r, "rtt", [&](const std::string& text) {
    const auto rtt = engine::parse_duration(text);
    link.delay = is_up ? rtt / 2 : rtt - rtt / 2;
  });
  read_text(r, "delay", [&](const std::string& text) { link.delay = engine::parse_duration(text); });
  read_text(r, "rate", [&](const std::string& text) { link.bits_per_second = parse_link_rate(text); });
  link.loss = read_fraction(r, "loss", link.loss);
  read_text(r, "queue", [&](const std::string& text) { link.queue_bytes = engine::parse_bytes(text); });
  link.mtu = r.get("mtu", link.mtu);
  link.down = r.get("outage", link.down);
  read_jitter(r, link.jitter);
  read_bursts(r, link.bursts);
}

}  // namespace

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

void read_link(ObjectReader& r, netsim::LinkSpec& link, bool is_up, const std::string& folder) {
  read_text(r, "netem", [&](const std::string& text) { apply_netem(text, link); });
  read_state(r, link, is_up);
  read_text(r, "mahimahi",
            [&](const std::string& file) { link.opportunities = read_mahimahi(beside(folder, file)); });
  read_text(r, "csv", [&](const std::string& file) { apply_csv(beside(folder, file), link); });
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
