#include "analysis/gate/difference.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::PartyId;
using Way = std::pair<PartyId, PartyId>;

struct Part {
  std::string what, reason;
  Json before, now;
};
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

std::string percent(double before, double now) {
  return before > 0 ? fmt::format(" ({:+.3g} %)", (now / before - 1) * 100) : "";
}

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
                            percent(static_cast<double>(from), static_cast<double>(to))),
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
                                     percent(engine::seconds(was.took), engine::seconds(is.took)));
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

Part parts_of(const StepRecord& a, const StepRecord& b) {
  if (auto part = of_rows(a, b)) return *part;
  const auto x = ways_of(a), y = ways_of(b);
  if (auto part = of_messages(x, y)) return *part;
  if (auto part = of_bytes(x, y)) return *part;
  if (auto part = of_message_rows(x, y)) return *part;
  if (auto part = of_transport(x, y)) return *part;
  if (auto part = of_work(a, b)) return *part;
  return of_waiting(a, b);
}

// The step in which the first other token came out; none where the texts are the same.
std::optional<Difference> other_text(const RunRecord& a, const RunRecord& b) {
  const auto differs = std::ranges::mismatch(a.output, b.output);
  if (differs.in1 == a.output.end() && differs.in2 == b.output.end()) return {};
  const auto place = static_cast<std::size_t>(differs.in1 - a.output.begin());
  Difference d;
  std::size_t tokens = 0;
  for (const StepRecord& s : b.steps) {
    d.step = s.step;
    if (s.step > 0 && (tokens += s.accepted) > place) break;
  }
  const auto token = [](auto at, auto end) { return at == end ? Json() : Json(*at); };
  const Json was = token(differs.in1, a.output.end()), is = token(differs.in2, b.output.end());
  const auto told = [](const Json& t) { return t.is_null() ? std::string("none") : t.dump(); };
  d.what = "text";
  d.reason = fmt::format("token {} is {} where it was {}", place, told(is), told(was));
  d.before = {{"token", was}, {"place", place}};
  d.now = {{"token", is}, {"place", place}};
  return d;
}

std::optional<Difference> difference_of(const RunRecord& a, const RunRecord& b) {
  std::optional<Difference> found;
  const auto parts = std::ranges::mismatch(a.steps, b.steps);
  if (parts.in1 != a.steps.end() && parts.in2 != b.steps.end()) {
    Part part = parts_of(*parts.in1, *parts.in2);
    found = Difference{0, "", parts.in2->step, part.what, part.reason, part.before, part.now};
  } else if (a.steps.size() != b.steps.size()) {
    found = Difference{0,
                       "",
                       std::min(a.steps.size(), b.steps.size()),
                       "steps",
                       fmt::format("{} steps where {} were", b.steps.size(), a.steps.size()),
                       {{"steps", a.steps.size()}},
                       {{"steps", b.steps.size()}}};
  }
  // Greetings that differ are no reason for another text.
  if (!found && a.total != b.total)
    found = Difference{0,
                       "",
                       b.steps.empty() ? 0 : b.steps.back().step,
                       "waiting",
                       fmt::format("the run takes {} ns where it took {}, of the same steps", b.total.count(),
                                   a.total.count()),
                       {{"took_ns", a.total.count()}},
                       {{"took_ns", b.total.count()}}};
  if (auto text = other_text(a, b); text && (!found || text->step <= found->step || found->step == 0))
    return text;
  return found;
}

void add_to(Totals& t, const RunRecord& run) {
  t.tokens += static_cast<double>(run.output.size());
  t.seconds += engine::seconds(run.total);
  for (const StepRecord& s : run.steps) {
    for (const MessageRecord& m : s.messages) {
      t.messages += m.count;
      t.bytes += static_cast<double>(m.bytes) * m.count;
      t.flights += static_cast<double>(m.flights) * m.count;
      t.resent += static_cast<double>(m.retransmits) * m.count;
    }
    for (const WorkRecord& w : s.work) (w.party == 0 ? t.client_s : t.others_s) += engine::seconds(w.took);
    if (s.step == 0) continue;
    ++t.steps;
    t.rows += s.rows;
  }
}

void tell_settings(const Json& before, const Json& now, const std::string& where,
                   std::vector<std::string>& words) {
  for (const Json* side : {&before, &now}) {
    for (const auto& [key, value] : side->items()) {
      if (side == &now && before.contains(key)) continue;
      const Json x = before.value(key, Json()), y = now.value(key, Json());
      if (x == y) continue;
      const std::string name = where.empty() ? key : where + "." + key;
      if (x.is_object() && y.is_object())
        tell_settings(x, y, name, words);
      else
        words.push_back(fmt::format("{} {} -> {}", name, x.dump(), y.dump()));
    }
  }
}

}  // namespace

std::optional<Difference> first_difference(const CellRecord& before, const CellRecord& now) {
  for (std::size_t i = 0; i < std::min(before.runs.size(), now.runs.size()); ++i) {
    const RunRecord &a = before.runs[i], &b = now.runs[i];
    if (a.prompt != b.prompt)
      return Difference{
          i,        b.prompt, 0, "steps", fmt::format("prompt '{}' where '{}' was", b.prompt, a.prompt),
          a.prompt, b.prompt};
    if (a.drafter != b.drafter || a.seed != b.seed)
      return Difference{i,
                        b.prompt,
                        0,
                        "steps",
                        fmt::format("run {}: drafter {}, seed {}, where drafter {}, seed {} were", i,
                                    b.drafter, b.seed, a.drafter, a.seed),
                        {{"drafter", a.drafter}, {"seed", a.seed}},
                        {{"drafter", b.drafter}, {"seed", b.seed}}};
    if (auto found = difference_of(a, b)) {
      found->run = i;
      found->prompt = b.prompt;
      found->reason = fmt::format("run {} ({}), step {}: {}", i, b.prompt, found->step, found->reason);
      return found;
    }
  }
  if (before.runs.size() == now.runs.size()) return {};
  return Difference{std::min(before.runs.size(), now.runs.size()),
                    "",
                    0,
                    "steps",
                    fmt::format("{} runs where {} were", now.runs.size(), before.runs.size()),
                    before.runs.size(),
                    now.runs.size()};
}

Totals totals_of(const CellRecord& cell) {
  Totals t;
  for (const RunRecord& run : cell.runs) add_to(t, run);
  t.client_waits_s = t.seconds - t.client_s;
  return t;
}

Json to_json(const Totals& t) {
  return {{"total_s", t.seconds},
          {"steps", t.steps},
          {"tokens", t.tokens},
          {"rows", t.rows},
          {"messages", t.messages},
          {"bytes", t.bytes},
          {"flights", t.flights},
          {"resent", t.resent},
          {"client_s", t.client_s},
          {"others_s", t.others_s},
          {"client_waits_s", t.client_waits_s}};
}

std::string cost_of(const Totals& a, const Totals& b) {
  const double longer = b.seconds - a.seconds;
  std::string text = fmt::format("{} {:.6g} s of {:.6g} s{}", longer >= 0 ? "costs" : "saves",
                                 std::abs(longer), a.seconds, percent(a.seconds, b.seconds));
  std::string more;
  for (const auto& [name, x, y] : {std::tuple{"steps", a.steps, b.steps},
                                   {"rows", a.rows, b.rows},
                                   {"messages", a.messages, b.messages},
                                   {"bytes", a.bytes, b.bytes},
                                   {"flights", a.flights, b.flights},
                                   {"segments sent again", a.resent, b.resent}})
    if (x != y) more += fmt::format("{}{:+} {}", more.empty() ? "" : ", ", y - x, name);
  for (const auto& [name, x, y] : {std::tuple{"of the client's work", a.client_s, b.client_s},
                                   {"of others' work", a.others_s, b.others_s},
                                   {"of waiting", a.client_waits_s, b.client_waits_s}})
    if (std::abs(y - x) >= 1e-9)
      more += fmt::format("{}{:+.4g} ms {}", more.empty() ? "" : ", ", (y - x) * 1e3, name);
  return more.empty() ? text : text + ": " + more;
}

std::vector<std::string> settings_changed(const Json& before, const Json& now) {
  std::vector<std::string> words;
  if (before.is_object() && now.is_object()) tell_settings(before, now, "", words);
  return words;
}

}  // namespace splitwan::analysis
