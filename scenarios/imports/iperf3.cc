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
  const Json* found = r.find(key);
  return found && !found->is_null() ? r.number(key, 0, 1e15) : 0;
}

// Versions before 3.2 print a division by nothing as -nan, which is no JSON.
std::string without_nan(std::string text) {
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && quoted) {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      for (const std::string_view word : {"-nan", "nan", "-inf", "inf"})
        if (text.compare(at, word.size(), word) == 0) text.replace(at, word.size(), "null");
    }
  }
  return text;
}

// The end of the JSON object that begins at `begin`; npos: it has none.
std::size_t end_of_object(std::string_view text, std::size_t begin) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t at = begin; at < text.size(); ++at) {
    if (text[at] == '\\' && quoted) {
      ++at;
    } else if (text[at] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[at] == '{') {
      ++depth;
    } else if (!quoted && text[at] == '}' && --depth == 0) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// All objects of a file that has lines of iperf3's own before and behind them.
struct Found {
  std::vector<Json> objects;
  std::vector<std::string> words;
};
Found read_objects(const std::string& path) {
  const std::string text = without_nan(engine::read_text_file(path));
  if (engine::nests_too_deeply(text)) throw Error("{}: not valid here: JSON nested over 100 deep", path);
  Found found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t line = std::min(text.find('\n', at), text.size());
    const auto begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string::npos) break;
    if (text[begin] != '{') {
      const std::size_t end = std::max(line, std::min(text.find('\n', begin), text.size()));
      found.words.emplace_back(trimmed(std::string_view(text).substr(begin, end - begin)));
      at = end;
      continue;
    }
    const std::size_t end = end_of_object(text, begin);
    const auto object = std::string_view(text).substr(begin, end == std::string::npos ? end : end - begin);
    Json json = Json::parse(object, nullptr, /*allow_exceptions=*/false);
    if (json.is_discarded()) throw Error("{}: not valid JSON from byte {} on", path, begin);
    found.objects.push_back(std::move(json));
    at = end;
  }
  if (found.objects.empty()) throw Error("{}: expected iperf3's JSON, found none", path);
  return found;
}

// --json-stream says {"event": "start", "data": {..}} and so on, an object a line.
Json whole_of(std::vector<Json> objects, const std::string& path) {
  if (objects.size() == 1 && !objects[0].contains("event")) return std::move(objects[0]);
  Json all = Json::object();
  for (const Json& object : objects) {
    ObjectReader r(object, path);
    const auto event = r.need<std::string>("event");
    if (event == "start" || event == "end" || event == "error") {
      if (all.contains(event)) throw Error("{}: expected one test, found a second '{}'", path, event);
      all[event] = r.at("data");
    }
  }
  return all;
}

// What one direction was offered, bit/s; 0: as much as went through.
double offered(ObjectReader& test, ObjectReader& end, const std::string& ending, bool udp) {
  const double streams = std::max(1.0, number_or_0(test, "num_streams"));
  if (test.find("target_bitrate")) return streams * number_or_0(test, "target_bitrate");
  if (!udp) return 0;
  for (const char* sum : {"sum_sent", "sum"})  // files of before 3.8 do not say: UDP offers 1 Mbit/s then
    if (auto sent = part(end, sum + ending)) return number_or_0(*sent, "bits_per_second");
  return 0;
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
  Found found = read_objects(path);
  const Json json = whole_of(std::move(found.objects), path);
  ObjectReader file(json, path);
  if (const Json* error = file.find("error"))
    throw Error("{}: expected a finished test, found {}", file.path("error"), in_quotes(error->dump()));
  ObjectReader end = file.child("end"), start = file.child("start"), test = start.child("test_start");
  const auto protocol = test.need<std::string>("protocol");
  Iperf3Summary summary;
  for (const std::string& words : found.words)
    summary.notes.push_back(fmt::format("beside the JSON iperf3 said {}", in_quotes(words)));
  summary.udp = protocol == "UDP";
  if (!summary.udp && protocol != "TCP")
    throw Error("{}: expected TCP or UDP, found {}", test.path("protocol"), in_quotes(protocol));

  const bool reverse = number_or_0(test, "reverse") != 0;
  const auto take = [&](const std::string& ending, bool up) {
    const auto rate = received_rate(end, ending);
    if (!rate) return false;
    constexpr double nearly_all = 0.98;  // headers, and the last second of the test
    if (const double offer = offered(test, end, ending, summary.udp);
        offer > 0 && *rate >= nearly_all * offer) {
      (up ? summary.up_at_least_bps : summary.down_at_least_bps) = rate;
      summary.notes.push_back(
          fmt::format("{}: {:.6g} Mbit/s were offered and came through: the link carries so much at least, "
                      "its rate is not known",
                      up ? "up" : "down", *rate / 1e6));
    } else {
      (up ? summary.up_bps : summary.down_bps) = rate;
    }
    return true;
  };
  if (!take("", !reverse)) end.at("sum_received");
  take("_bidir_reverse", reverse);
  read_retransmits(end, summary);
  if (!summary.udp) read_rtts(end, summary);
  return summary;
}

}  // namespace splitwan::scenarios
