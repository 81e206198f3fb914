#include "scenarios/imports/iperf3.hh"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/base/json_file.hh"
#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

using engine::Error;
using engine::Json;
using engine::ObjectReader;

// iperf3 writes many keys more than are asked for here.
std::optional<ObjectReader> part(ObjectReader& r, const std::string& key) {
  const Json* found = r.find(key);
  return found ? std::optional<ObjectReader>(std::in_place, *found, r.path(key)) : std::nullopt;
}

double number_or_0(ObjectReader& r, const std::string& key) {
  return r.find(key) ? r.number(key, 0, 1e15) : 0;
}

// `ending`: "" or "_bidir_reverse". Before 3.10 (pull request 1174) UDP has one sum, with the sender's rate.
std::optional<double> received_rate(ObjectReader& end, const std::string& ending) {
  const bool two_sums = end.find("sum_received" + ending) != nullptr;
  auto sum = part(end, (two_sums ? "sum_received" : "sum") + ending);
  if (!sum) return {};
  const double lost = two_sums ? 0 : std::min(1.0, number_or_0(*sum, "lost_percent") / 100);
  const double rate = sum->number("bits_per_second", 0, 1e15) * (1 - lost);
  if (rate < 1)
    throw Error("{}: expected a received rate, found {} bit/s: the client's file has it", sum->where(), rate);
  return rate;
}

void read_retransmits(ObjectReader& end, Iperf3Summary& summary) {
  for (const char* key : {"sum_sent", "sum_sent_bidir_reverse"}) {
    auto sent = part(end, key);
    if (sent && sent->find("retransmits"))
      summary.retransmits =
          summary.retransmits.value_or(0) + static_cast<std::uint64_t>(sent->number("retransmits", 0, 1e15));
  }
}

// Microseconds; 0 where the kernel of the sender does not tell.
void read_rtts(ObjectReader& end, Iperf3Summary& summary) {
  if (!end.find("streams")) return;
  double least = 0, sum = 0, count = 0;
  for (const Json& item : end.list("streams")) {
    ObjectReader stream(item, end.path("streams"));
    auto sender = part(stream, "sender");
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
  ObjectReader file(json, path);
  if (const Json* error = file.find("error"))
    throw Error("{}: expected a finished test, found {}", file.path("error"), in_quotes(error->dump()));
  ObjectReader end = file.child("end"), start = file.child("start"), test = start.child("test_start");
  const auto protocol = test.need<std::string>("protocol");
  Iperf3Summary summary;
  summary.udp = protocol == "UDP";
  if (!summary.udp && protocol != "TCP")
    throw Error("{}: expected TCP or UDP, found {}", test.path("protocol"), in_quotes(protocol));

  const auto first = received_rate(end, ""), second = received_rate(end, "_bidir_reverse");
  if (!first) end.at("sum_received");
  const bool reverse = number_or_0(test, "reverse") != 0;
  (reverse ? summary.down_bps : summary.up_bps) = first;
  if (second) (reverse ? summary.up_bps : summary.down_bps) = second;
  read_retransmits(end, summary);
  if (!summary.udp) read_rtts(end, summary);
  return summary;
}

}  // namespace splitwan::scenarios
