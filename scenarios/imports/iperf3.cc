#include "scenarios/imports/iperf3.hh"

#include <algorithm>
#include <cmath>

#include "engine/base/json_file.hh"
#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;

// A place in the file: knows its name for errors.
struct Place {
  const Json* json;
  std::string where;  // "FILE:" or "FILE: end.sum"

  std::string name(const std::string& key) const {
    return fmt::format("{}{}{}", where, where.back() == ':' ? " " : ".", key);
  }
  std::optional<Place> find(const std::string& key) const {
    if (!json->is_object()) throw Error("{} expected an object, found {}", where, in_quotes(json->dump()));
    const auto it = json->find(key);
    if (it == json->end()) return {};
    return Place{&*it, name(key)};
  }
  Place need(const std::string& key) const {
    if (auto place = find(key)) return *place;
    throw Error("{}: expected this key of iperf3 -J, found none", name(key));
  }
  double number() const {
    if (!json->is_number() || !(json->get<double>() >= 0) || json->get<double>() > 1e15)
      throw Error("{}: expected a number from 0 to 1e15, found {}", where, in_quotes(json->dump()));
    return json->get<double>();
  }
};

double number_or_0(const Place& place, const std::string& key) {
  const auto found = place.find(key);
  return found ? found->number() : 0;
}

// `ending`: "" or "_bidir_reverse". Before 3.10 (pull request 1174) UDP has one sum, with the sender's rate.
std::optional<double> received_rate(const Place& end, const std::string& ending) {
  auto sum = end.find("sum_received" + ending);
  double rate = sum ? sum->need("bits_per_second").number() : 0;
  if (!sum) {
    sum = end.find("sum" + ending);
    if (!sum) return {};
    rate =
        sum->need("bits_per_second").number() * (1 - std::min(1.0, number_or_0(*sum, "lost_percent") / 100));
  }
  if (rate < 1)
    throw Error("{}: expected a received rate, found {} bit/s: the client's file has it", sum->where, rate);
  return rate;
}

void read_retransmits(const Place& end, Iperf3Summary& summary) {
  for (const char* key : {"sum_sent", "sum_sent_bidir_reverse"}) {
    const auto sent = end.find(key);
    const auto retransmits = sent ? sent->find("retransmits") : std::nullopt;
    if (retransmits)
      summary.retransmits =
          summary.retransmits.value_or(0) + static_cast<std::uint64_t>(retransmits->number());
  }
}

// Microseconds; 0 where the kernel of the sender does not tell.
void read_rtts(const Place& end, Iperf3Summary& summary) {
  const auto streams = end.find("streams");
  if (!streams) return;
  if (!streams->json->is_array()) throw Error("{}: expected a list", streams->where);
  double least = 0, sum = 0, count = 0;
  for (const Json& stream : *streams->json) {
    const auto sender = Place{&stream, streams->where + "[]"}.find("sender");
    if (!sender) continue;
    const double min = number_or_0(*sender, "min_rtt"), mean = number_or_0(*sender, "mean_rtt");
    if (min > 0) least = least > 0 ? std::min(least, min) : min;
    if (mean > 0) sum += mean, ++count;
  }
  const auto from_us = [](double us) { return netsim::LinkTime(std::llround(std::min(us, 3.6e9) * 1e3)); };
  if (least > 0) summary.min_rtt = from_us(least);
  if (count > 0) summary.mean_rtt = from_us(sum / count);
}

}  // namespace

Iperf3Summary read_iperf3(const std::string& path) {
  const Json json = engine::read_json_file(path);
  const Place file{&json, path + ":"};
  if (const auto error = file.find("error"))
    throw Error("{}: expected a finished test, found {}", error->where, in_quotes(error->json->dump()));
  const Place end = file.need("end"), test = file.need("start").need("test_start");
  const Place protocol = test.need("protocol");
  Iperf3Summary summary;
  summary.udp = *protocol.json == "UDP";
  if (!summary.udp && *protocol.json != "TCP")
    throw Error("{}: expected TCP or UDP, found {}", protocol.where, in_quotes(protocol.json->dump()));

  const auto first = received_rate(end, ""), second = received_rate(end, "_bidir_reverse");
  if (!first) end.need("sum_received");
  const bool reverse = number_or_0(test, "reverse") != 0;
  (reverse ? summary.down_bps : summary.up_bps) = first;
  if (second) (reverse ? summary.up_bps : summary.down_bps) = second;
  read_retransmits(end, summary);
  if (!summary.udp) read_rtts(end, summary);
  return summary;
}

}  // namespace splitwan::scenarios
