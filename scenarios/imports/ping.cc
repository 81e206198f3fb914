#include "scenarios/imports/ping.hh"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <regex>
#include <set>

#include "engine/base/order_statistics.hh"
#include "engine/base/units.hh"
#include "scenarios/imports/lines.hh"

namespace splitwan::scenarios {
namespace {

using netsim::LinkTime;

constexpr double longest_ms = 3.6e6;  // an hour

struct PingOutput {
  std::vector<double> replies_ms;
  std::set<std::uint64_t> sequence;  // of replies and of those that are missed
  std::optional<std::uint64_t> sent, received;
  std::vector<double> summary_ms;  // min, avg, max, deviation
};

LinkTime from_ms(double ms) { return LinkTime(std::llround(ms * 1e6)); }

std::uint64_t whole(const std::string& digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

class PingReader {
 public:
  explicit PingReader(const std::string& path) : path_(path) {}
  PingOutput read();

 private:
  void read_reply(std::string_view line);
  void read_statistics(const std::string& line);
  void read_times(std::string_view line);
  [[noreturn]] void refuse(std::string_view expected, std::string_view found) {
    refuse_line(path_, line_, expected, found);
  }

  std::string path_;
  std::size_t line_ = 0;
  PingOutput out_;
};

PingOutput PingReader::read() {
  static const std::regex sequence(R"(seq[= ](\d{1,9})\b)");
  for (const std::string& line : read_lines(path_)) {
    ++line_;
    if (line.size() > 1000) refuse("a line of ping", fmt::format("one of {} characters", line.size()));
    std::smatch match;
    if (line.find("packets transmitted") != line.npos) {
      read_statistics(line);
    } else if (line.find("min/avg/max") != line.npos) {
      read_times(line);
    } else if (line.find("(DUP!)") != line.npos) {
      continue;
    } else if (std::regex_search(line, match, sequence)) {
      // "bytes from": a reply; else "no answer yet", "Request timeout", "Destination Host Unreachable"
      out_.sequence.insert(whole(match[1]));
      if (line.find(" bytes from ") != line.npos) read_reply(line);
    }
  }
  return std::move(out_);
}

void PingReader::read_reply(std::string_view line) {
  const auto at = line.find("time=");
  const std::string_view value = at == line.npos ? line : line.substr(at + 5);
  const auto end = value.find(" ms");
  const auto ms = at == line.npos || end == value.npos ? std::nullopt : plain_number(value.substr(0, end));
  if (!ms || *ms > longest_ms) refuse("a reply with time=12.3 ms", in_quotes(value));
  out_.replies_ms.push_back(*ms);
}

void PingReader::read_statistics(const std::string& line) {
  static const std::regex counts(R"(\b(\d{1,9}) packets transmitted, (\d{1,9}) (packets )?received)");
  if (out_.sent) refuse("one run of ping", "a second one");
  std::smatch match;
  if (!std::regex_search(line, match, counts)) refuse("'5 packets transmitted, 4 received'", in_quotes(line));
  out_.sent = whole(match[1]);
  out_.received = whole(match[2]);
  if (*out_.received > *out_.sent) refuse(fmt::format("at most {} received", *out_.sent), match[2].str());
}

void PingReader::read_times(std::string_view line) {
  const std::string_view expected = "'= MIN/AVG/MAX/DEVIATION ms'";
  const auto at = line.find("= ");
  std::string_view values = at == line.npos ? "" : line.substr(at + 2);
  const auto end = values.find(" ms");
  if (end == values.npos) refuse(expected, in_quotes(line));
  values = values.substr(0, end);
  for (const std::string& part : engine::split_list(values, '/')) {
    const auto ms = plain_number(part);
    if (!ms || *ms > longest_ms) refuse(expected, in_quotes(values));
    out_.summary_ms.push_back(*ms);
  }
  const auto& t = out_.summary_ms;
  const bool as_named =
      t.size() == 4 || (t.size() == 3 && !out_.replies_ms.empty());  // busybox: no deviation
  if (!as_named) refuse(expected, in_quotes(values));
  if (t[0] > t[1] || t[1] > t[2]) refuse("MIN <= AVG <= MAX", in_quotes(values));
}

}  // namespace

PingSummary read_ping(const std::string& path) {
  const PingOutput out = PingReader(path).read();
  const std::vector<double>& replies = out.replies_ms;
  if (out.received == 0u) throw engine::Error("{}: expected replies, found that none was received", path);
  if (replies.empty() && out.summary_ms.empty())
    throw engine::Error("{}: expected replies with time=12.3 ms or a line of min/avg/max, found neither",
                        path);
  if (replies.empty() && !out.sent)
    throw engine::Error("{}: expected 'N packets transmitted, M received', found no such line", path);

  PingSummary ping;
  ping.received = out.received.value_or(replies.size());
  ping.sent = out.sent.value_or(replies.empty() ? 0 : *out.sequence.rbegin() - *out.sequence.begin() + 1);
  ping.sent = std::max(ping.sent, ping.received);
  ping.loss = 1 - static_cast<double>(ping.received) / static_cast<double>(ping.sent);
  if (!replies.empty()) {
    const double count = static_cast<double>(replies.size());
    const double mean = std::accumulate(replies.begin(), replies.end(), 0.0) / count;
    double squares = 0;
    for (const double ms : replies) squares += (ms - mean) * (ms - mean);
    ping.min = from_ms(*std::ranges::min_element(replies));
    ping.median = from_ms(engine::median(replies));
    ping.mean = from_ms(mean);
    ping.jitter = from_ms(std::sqrt(squares / count));
  }
  if (!out.summary_ms.empty()) {  // more exact than the replies' three digits
    ping.min = from_ms(out.summary_ms[0]);
    ping.mean = from_ms(out.summary_ms[1]);
    if (out.summary_ms.size() == 4) ping.jitter = from_ms(out.summary_ms[3]);
    if (replies.empty()) ping.median = ping.mean;
  }
  return ping;
}

void apply(const PingSummary& ping, netsim::LinkState& up, netsim::LinkState& down) {
  up.delay = ping.min / 2;
  down.delay = ping.min - up.delay;
  netsim::Jitter jitter;
  if (ping.mean > ping.min)
    jitter = {.law = netsim::JitterLaw::exponential, .scale = (ping.mean - ping.min) / 2};
  for (netsim::LinkState* link : {&up, &down}) {
    link->jitter = jitter;
    link->loss = 1 - std::sqrt(1 - ping.loss);
    link->bursts = {};
  }
}

}  // namespace splitwan::scenarios
