#include "analysis/gate/step_difference.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::PartyId;
using Way = std::pair<PartyId, PartyId>;

using Parted = std::optional<Part>;

struct OfWay {
  std::uint64_t messages = 0, bytes = 0, rows = 0, resent = 0;
  std::vector<std::uint64_t> sizes;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> windows;  // and flights, of each message
};
std::map<Way, OfWay> ways_of(const StepRecord& step) {
  std::map<Way, OfWay> ways;
  for (const MessageRecord& m : step.messages) {
    OfWay& way = ways[{m.from, m.to}];
    way.messages += m.count;
    way.bytes += m.bytes * m.count;
    way.rows += std::uint64_t{m.rows} * m.count;
    way.resent += std::uint64_t{m.retransmits} * m.count;
    way.sizes.insert(way.sizes.end(), m.count, m.bytes);
    way.windows.insert(way.windows.end(), m.count, {m.cwnd, m.flights});
  }
  for (auto& [parties, way] : ways) std::ranges::sort(way.sizes);
  return ways;
}

std::string name_of(const Way& way) { return fmt::format("{} to {}", way.first, way.second); }

Parted of_rows(const StepRecord& a, const StepRecord& b) {
  if (a.rows != b.rows || a.drafted != b.drafted)
    return Part{"rows",
                fmt::format("{} rows, {} of them guesses, where {} with {} were", b.rows, b.drafted, a.rows,
                            a.drafted),
                {{"rows", a.rows}, {"drafted", a.drafted}},
                {{"rows", b.rows}, {"drafted", b.drafted}}};
  if (a.accepted != b.accepted)
    return Part{
        "accepted",
        fmt::format("{} tokens accepted of the same {} rows, where {} were", b.accepted, a.rows, a.accepted),
        {{"accepted", a.accepted}},
        {{"accepted", b.accepted}}};
  return {};
}

Parted of_messages(const std::map<Way, OfWay>& a, const std::map<Way, OfWay>& b) {
  std::set<Way> all;
  for (const auto* ways : {&a, &b})
    for (const auto& [way, sums] : *ways) all.insert(way);
  std::uint64_t before = 0, now = 0, answers_before = 0, answers = 0;
  std::string changed;
  for (const Way& way : all) {
    const OfWay x = a.contains(way) ? a.at(way) : OfWay{}, y = b.contains(way) ? b.at(way) : OfWay{};
    before += x.messages, now += y.messages;
    if (way.second == 0) answers_before += x.messages, answers += y.messages;
    if (x.messages == y.messages) continue;
    if (changed.empty() || changed.size() < 80)
      changed += fmt::format("{}{}: {} ({} bytes) where {} ({} bytes) were", changed.empty() ? "" : "; ",
                             name_of(way), y.messages, y.bytes, x.messages, x.bytes);
  }
  if (changed.empty()) return {};
  return Part{"messages",
              fmt::format("{} messages and {} round trips where {} and {} were: {}", now, answers, before,
                          answers_before, changed),
              {{"messages", before}, {"round_trips", answers_before}},
              {{"messages", now}, {"round_trips", answers}}};
}

Parted of_bytes(const std::map<Way, OfWay>& a, const std::map<Way, OfWay>& b) {
  for (const auto& [way, x] : a) {
    const OfWay& y = b.at(way);
    if (x.sizes == y.sizes) continue;
    const auto differs = std::ranges::mismatch(x.sizes, y.sizes);
    const std::uint64_t from = *differs.in1, to = *differs.in2;
    return Part{"bytes",
                fmt::format("message from {}: {} bytes where {} were{}", name_of(way), to, from,
                            percent_text(static_cast<double>(from), static_cast<double>(to))),
                {{"from", way.first}, {"to", way.second}, {"bytes", from}},
                {{"from", way.first}, {"to", way.second}, {"bytes", to}}};
  }
  return {};
}

Parted of_message_rows(const std::map<Way, OfWay>& a, const std::map<Way, OfWay>& b) {
  for (const auto& [way, x] : a)
    if (const OfWay& y = b.at(way); x.rows != y.rows)
      return Part{"rows",
                  fmt::format("messages from {}: {} rows where {} were", name_of(way), y.rows, x.rows),
                  {{"rows", x.rows}},
                  {{"rows", y.rows}}};
  return {};
}

Parted of_transport(const std::map<Way, OfWay>& a, const std::map<Way, OfWay>& b) {
  for (const auto& [way, x] : a) {
    const OfWay& y = b.at(way);
    if (x.resent != y.resent)
      return Part{"resent",
                  fmt::format("on the way from {}: {} segments sent again where {} were", name_of(way),
                              y.resent, x.resent),
                  {{"resent", x.resent}},
                  {{"resent", y.resent}}};
  }
  for (const auto& [way, x] : a) {
    const auto differs = std::ranges::mismatch(x.windows, b.at(way).windows);
    if (differs.in1 == x.windows.end()) continue;
    const auto [window, flights] = *differs.in1;
    const auto [window_now, flights_now] = *differs.in2;
    return Part{
        "window",
        fmt::format("message from {}: {} flights at a congestion window of {} bytes, where {} at {} were",
                    name_of(way), flights_now, window_now, flights, window),
        {{"flights", flights}, {"cwnd", window}},
        {{"flights", flights_now}, {"cwnd", window_now}}};
  }
  return {};
}

struct Jobs {
  Nanos took{};
  std::uint64_t count = 0, rows = 0;
  bool operator==(const Jobs&) const = default;
};

Parted of_work(const StepRecord& a, const StepRecord& b) {
  const auto sums = [](const StepRecord& step) {
    std::map<std::pair<PartyId, engine::Phase>, Jobs> all;
    for (const WorkRecord& w : step.work) {
      Jobs& jobs = all[{w.party, w.phase}];
      jobs.took += w.took, jobs.count += w.count, jobs.rows += std::uint64_t{w.rows} * w.count;
    }
    return all;
  };
  auto x = sums(a), y = sums(b);
  for (const auto& [job, jobs] : y) x.try_emplace(job);
  for (const auto& [job, was] : x) {
    const Jobs is = y[job];
    if (was == is) continue;
    const std::string who = job.first == 0 ? "the client" : fmt::format("party {}", job.first);
    std::string reason = fmt::format("{} computes {} for {} ns where it took {}{}", who,
                                     engine::name_of(job.second), is.took.count(), was.took.count(),
                                     percent_text(engine::seconds(was.took), engine::seconds(is.took)));
    if (was.count != is.count || was.rows != is.rows)
      reason +=
          fmt::format(", in {} jobs of {} rows where {} of {} were", is.count, is.rows, was.count, was.rows);
    return Part{"work",
                reason,
                {{"party", job.first}, {"phase", engine::name_of(job.second)}, {"took_ns", was.took.count()}},
                {{"party", job.first}, {"phase", engine::name_of(job.second)}, {"took_ns", is.took.count()}}};
  }
  return {};
}

Part of_waiting(const StepRecord& a, const StepRecord& b) {
  for (std::size_t i = 0; i < std::min(a.messages.size(), b.messages.size()); ++i) {
    const MessageRecord &x = a.messages[i], &y = b.messages[i];
    if (x.arrived - x.sent == y.arrived - y.sent) continue;
    return Part{
        "waiting",
        fmt::format(
            "message from {}: under way for {} ns where it took {}, of the same bytes, flights and window",
            name_of({y.from, y.to}), (y.arrived - y.sent).count(), (x.arrived - x.sent).count()),
        {{"under_way_ns", (x.arrived - x.sent).count()}},
        {{"under_way_ns", (y.arrived - y.sent).count()}}};
  }
  if (a.took != b.took)
    return Part{"waiting",
                fmt::format("it takes {} ns where it took {}, of the same work and messages", b.took.count(),
                            a.took.count()),
                {{"took_ns", a.took.count()}},
                {{"took_ns", b.took.count()}}};
  if (a.begin != b.begin)
    return Part{"waiting",
                fmt::format("it begins {} ns after the run where it began {} ns after it", b.begin.count(),
                            a.begin.count()),
                {{"begin_ns", a.begin.count()}},
                {{"begin_ns", b.begin.count()}}};
  return Part{
      "waiting", "the same work and messages, in another order or at other instants within it", {}, {}};
}

}  // namespace

std::string percent_text(double before, double now) {
  return before > 0 ? fmt::format(" ({:+.3g} %)", (now / before - 1) * 100) : "";
}

Part part_of(const StepRecord& a, const StepRecord& b) {
  if (auto part = of_rows(a, b)) return *part;
  const auto x = ways_of(a), y = ways_of(b);
  if (auto part = of_messages(x, y)) return *part;
  if (auto part = of_bytes(x, y)) return *part;
  if (auto part = of_message_rows(x, y)) return *part;
  if (auto part = of_transport(x, y)) return *part;
  if (auto part = of_work(a, b)) return *part;
  return of_waiting(a, b);
}

}  // namespace splitwan::analysis
