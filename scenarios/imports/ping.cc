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
  std::vector<double> replies_ms;  // first ones, as they came
  std::set<std::uint64_t> answered,
      sequence;                  // packets, by their number; of replies and of those that are missed
  std::uint64_t unnumbered = 0;  // Windows counts no packets: replies and misses
  bool numbered = false, wrapped = false;
  std::uint64_t duplicates = 0;
  std::optional<std::uint64_t> sent, received;
  std::vector<double> summary_ms;  // min, avg, max, deviation
  bool coarse = false;             // Windows: whole milliseconds, "time<1ms"
};

LinkTime from_ms(double ms) { return LinkTime(std::llround(ms * 1e6)); }

std::uint64_t whole(const std::string& digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// By what stands between the words: those are in the language of who ran it.
class PingReader {
 public:
  explicit PingReader(const std::string& path) : path_(path) {}
  PingOutput read();

 private:
  bool read_numbered(const std::string& line);
  bool read_windows(const std::string& line);
  bool read_fping(const std::string& line);
  bool read_counts(const std::string& line);
  bool read_times(const std::string& line);
  void read_reply(const std::string& line, const std::string& ms);
  void read_triple(const std::vector<std::string>& parts, const std::string& line);
  void count(std::uint64_t sent, std::uint64_t received);
  // The packet's number without the wraps of 16 bits; none: answered before.
  std::optional<std::uint64_t> first_of(std::uint64_t number);
  [[noreturn]] void refuse(std::string_view expected, std::string_view found) {
    refuse_line(path_, line_, expected, found);
  }

  std::string path_;
  std::size_t line_ = 0;
  std::uint64_t wraps_ = 0, last_ = 0;
  PingOutput out_;
};

PingOutput PingReader::read() {
  for (const std::string& line : read_lines(path_)) {
    ++line_;
    if (line.size() > 1000) refuse("a line of ping", fmt::format("one of {} characters", line.size()));
    if (!read_numbered(line) && !read_windows(line) && !read_fping(line) && !read_counts(line))
      static_cast<void>(read_times(line));
  }
  return std::move(out_);
}

std::optional<std::uint64_t> PingReader::first_of(std::uint64_t number) {
  constexpr std::uint64_t numbers = 1 << 16;
  if (out_.numbered && last_ >= numbers * 3 / 4 && number < numbers / 4)
    ++wraps_, last_ = 0, out_.wrapped = true;
  // One from before the wrap may come behind it.
  const bool late = wraps_ > 0 && last_ < numbers / 4 && number >= numbers * 3 / 4;
  const std::uint64_t packet = number + (late ? wraps_ - 1 : wraps_) * numbers;
  if (!late) last_ = std::max(last_, number);
  out_.numbered = true;
  out_.sequence.insert(packet);
  return packet;
}

// iputils, BSD, busybox: "icmp_seq=7 ... time=12.3 ms", in which "time" may be any word. A reply too short to
// hold a time says "(truncated)"; "no answer yet", "Request timeout" and "Destination Host Unreachable" say a
// number alone.
bool PingReader::read_numbered(const std::string& line) {
  static const std::regex sequence(R"(seq[= ](\d{1,9})\b)"), timed(R"([^\s=<]+[=<]([^\s=]+) ?ms\b)"),
      reply(R"(^\d+ \S+ \S+ .*ttl=\d)");
  std::smatch match;
  if (!std::regex_search(line, match, sequence)) return false;
  const std::uint64_t packet = *first_of(whole(match[1]));
  const bool answer = std::regex_search(line, reply) || line.find(" bytes from ") != line.npos;
  if (std::regex_search(line, match, timed)) {
    if (!out_.answered.insert(packet).second)
      ++out_.duplicates;
    else
      read_reply(line, match[1]);
  } else if (answer) {
    const bool cut = line.find('(') != line.npos;
    if (!cut) refuse("a reply with time=12.3 ms", in_quotes(line));
    if (!out_.answered.insert(packet).second) ++out_.duplicates;
  }
  return true;
}

void PingReader::read_reply(const std::string& line, const std::string& text) {
  const auto ms = plain_number(text);
  if (!ms || *ms > longest_ms) refuse("a reply with time=12.3 ms", in_quotes(line));
  out_.replies_ms.push_back(*ms);
}

// "Reply from 203.0.113.8: bytes=32 time=87ms TTL=51", "time<1ms"; then counts and whole milliseconds.
bool PingReader::read_windows(const std::string& line) {
  static const std::regex reply(R"(\S([=<]) ?(\d{1,7}) ?ms TTL=\d)"),
      counts(R"(= (\d{1,9}), [^=]*= (\d{1,9}), [^=]*= (\d{1,9}) \()"),
      times(R"(= (\d{1,7}) ?ms, [^=]*= (\d{1,7}) ?ms, [^=]*= (\d{1,7}) ?ms)");
  std::smatch match;
  if (std::regex_search(line, match, reply)) {
    out_.coarse = true;
    ++out_.unnumbered;
    out_.replies_ms.push_back(match[1] == "<" ? 0.5 : static_cast<double>(whole(match[2])));
    return true;
  }
  if (std::regex_search(line, match, counts)) {
    count(whole(match[1]), whole(match[2]));
    return true;
  }
  if (!std::regex_search(line, match, times)) return false;
  out_.coarse = true;
  read_triple({match[1], match[3], match[2]}, line);
  return true;
}

// "203.0.113.8 : [0], 64 bytes, 12.5 ms (12.5 avg, 0% loss)"; "... : xmt/rcv/%loss = 2/2/0%, min/avg/max =
// ...".
bool PingReader::read_fping(const std::string& line) {
  static const std::regex reply(R"( : \[(\d{1,9})\], (?:\d+ bytes, ([^ ]+) ms)?)"),
      summary(
          R"( : xmt/rcv/%loss = (\d{1,9})/(\d{1,9})/[\d.]+%(?:, min/avg/max = ([^/ ]+)/([^/ ]+)/([^/ ]+))?$)");
  std::smatch match;
  if (std::regex_search(line, match, summary)) {
    count(whole(match[1]), whole(match[2]));
    if (match[3].matched) read_triple({match[3], match[4], match[5]}, line);
    return true;
  }
  if (!std::regex_search(line, match, reply)) return false;
  const std::uint64_t packet = *first_of(whole(match[1]));
  if (!match[2].matched) return true;
  if (!out_.answered.insert(packet).second)
    ++out_.duplicates;
  else
    read_reply(line, match[2]);
  return true;
}

// "4 packets transmitted, 3 received, +1 duplicates, 25% packet loss": two numbers in front of their words, a
// percentage.
bool PingReader::read_counts(const std::string& line) {
  static const std::regex counts(R"(^(\d{1,9}) [^,%]+, (\d{1,9}) [^,%]+,.*\d ?%)"),
      duplicates(R"(\+(\d{1,9}) dup)");
  if (line.find("packets transmitted") == line.npos && !std::regex_search(line, counts)) return false;
  std::smatch match;
  if (!std::regex_search(line, match, counts)) refuse("'5 packets transmitted, 4 received'", in_quotes(line));
  count(whole(match[1]), whole(match[2]));
  if (std::regex_search(line, match, duplicates))
    out_.duplicates = std::max(out_.duplicates, whole(match[1]));
  return true;
}

void PingReader::count(std::uint64_t sent, std::uint64_t received) {
  if (out_.sent) refuse("one run of ping", "a second one");
  if (received > sent) refuse(fmt::format("at most {} received", sent), std::to_string(received));
  out_.sent = sent;
  out_.received = received;
}

bool PingReader::read_times(const std::string& line) {
  if (line.find("min/avg/max") == line.npos) return false;
  const auto at = line.find("= ");
  const std::string values = at == line.npos ? "" : line.substr(at + 2);
  const auto end = values.find(" ms");
  if (end == values.npos) refuse("'= MIN/AVG/MAX/DEVIATION ms'", in_quotes(line));
  read_triple(engine::split_list(values.substr(0, end), '/'), values.substr(0, end));
  return true;
}

void PingReader::read_triple(const std::vector<std::string>& parts, const std::string& line) {
  const std::string_view expected = "'= MIN/AVG/MAX/DEVIATION ms'";
  if (!out_.summary_ms.empty()) refuse("one run of ping", "a second one");
  for (const std::string& part : parts) {
    const auto ms = plain_number(part);
    if (!ms || *ms > longest_ms) refuse(expected, in_quotes(line));
    out_.summary_ms.push_back(*ms);
  }
  const auto& t = out_.summary_ms;
  if (t.size() != 4 && t.size() != 3) refuse(expected, in_quotes(line));
  if (t[0] > t[1] || t[1] > t[2]) refuse("MIN <= AVG <= MAX", in_quotes(line));
}

std::uint64_t sent_by(const PingOutput& out) {
  if (out.sent) return *out.sent;
  if (out.sequence.empty()) return out.replies_ms.size();
  return *out.sequence.rbegin() - *out.sequence.begin() + 1;
}

std::vector<std::string> notes_of(const PingOutput& out) {
  std::vector<std::string> notes;
  if (out.duplicates > 0 && out.replies_ms.empty())
    notes.push_back(fmt::format(
        "{} duplicates are in the summary's times, and no reply is here to leave them out", out.duplicates));
  else if (out.duplicates > 0)
    notes.push_back(
        fmt::format("{} duplicates left out, and the summary, whose times hold them", out.duplicates));
  if (out.wrapped) notes.emplace_back("the sequence wrapped after 65535");
  if (out.coarse) notes.emplace_back("times are whole milliseconds; under 1 ms counts as 0.5");
  if (!out.sent) notes.emplace_back("no summary: what was lost after the last reply is not known");
  if (out.replies_ms.empty()) notes.emplace_back("no times of single replies: the median is the mean");
  if (out.replies_ms.empty() && out.summary_ms.size() == 3)
    notes.emplace_back("no deviation is stated: jitter is what the mean lies above the least");
  return notes;
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
  ping.sent = std::max(sent_by(out), ping.received);
  ping.loss = 1 - static_cast<double>(ping.received) / static_cast<double>(ping.sent);
  ping.notes = notes_of(out);
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
  const bool summary_counts = replies.empty() || (out.duplicates == 0 && !out.coarse);
  if (!out.summary_ms.empty() && summary_counts) {  // more exact than the replies' three digits
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
