#include "analysis/sides/strips.hh"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <span>

#include "analysis/gate/records.hh"

namespace splitwan::analysis {
namespace {

using engine::PartyId;

constexpr std::size_t most_drawn = 400;  // messages of a step that are drawn one by one
constexpr Nanos rounding{1000};

// What a party does between two of its sends, or before the first.
class PartyTime {
 public:
  PartyTime(const StepRecord& step, PartyId party) : end_(step.took), client_(party == 0) {
    for (const MessageRecord& m : step.messages) {
      if (m.from == party) sends_.push_back(m.sent);
      if (m.to == party) arrivals_.push_back(m.arrived);
    }
    std::ranges::sort(sends_);
    sends_.erase(std::unique(sends_.begin(), sends_.end()), sends_.end());
    std::ranges::sort(arrivals_);
  }

  // A party works from when something came until it sends: so many jobs go before a send as fill such a time,
  // or where none do, as many as fit. The client's last end with the step.
  std::vector<Nanos> place(const std::vector<Nanos>& jobs) const {
    std::vector<Nanos> begins;
    Nanos free = client_ || arrivals_.empty() ? Nanos{} : arrivals_.front();
    const auto put = [&](std::size_t count, Nanos begin) {
      for (; count > 0; --count) {
        begins.push_back(begin);
        begin += jobs[begins.size() - 1];
      }
    };
    for (std::size_t send = 0; send < sends_.size(); ++send) {
      const auto [count, begin] = before(sends_[send], free, std::span(jobs).subspan(begins.size()));
      put(count, begin);
      free = after(sends_[send], send);
    }
    Nanos rest{};
    for (std::size_t i = begins.size(); i < jobs.size(); ++i) rest += jobs[i];
    put(jobs.size() - begins.size(), client_ ? std::max(free, end_ - rest) : free);
    return begins;
  }

 private:
  // How many of `jobs` end with a send, and when they begin: not before `free`.
  std::pair<std::size_t, Nanos> before(Nanos sent, Nanos free, std::span<const Nanos> jobs) const {
    std::pair<std::size_t, Nanos> fill{0, sent}, fit{0, sent};
    bool fills = false;
    Nanos begin = sent;
    for (std::size_t count = 0;; ++count) {
      fit = {count, begin};
      if (std::chrono::abs(begin - free) <= rounding || came_at(begin)) {
        fill = fit;
        fills = true;
      }
      if (count == jobs.size() || begin - jobs[count] < free - rounding) break;
      begin -= jobs[count];
    }
    return fills ? fill : fit;
  }
  bool came_at(Nanos t) const {
    const auto near = std::ranges::lower_bound(arrivals_, t - rounding);
    return near != arrivals_.end() && *near <= t + rounding;
  }

  // When it works again: at once where it sends again before anything comes, else when something came.
  Nanos after(Nanos sent, std::size_t send) const {
    const auto came = std::ranges::upper_bound(arrivals_, sent);
    const bool again = send + 1 < sends_.size() && (came == arrivals_.end() || sends_[send + 1] <= *came);
    return again || came == arrivals_.end() ? sent : *came;
  }

  Nanos end_;
  bool client_;
  std::vector<Nanos> sends_, arrivals_;
};

bool is_grouped(const StepRecord& step) {
  return std::ranges::any_of(step.messages, [](auto& m) { return m.count > 1; }) ||
         std::ranges::any_of(step.work, [](auto& w) { return w.count > 1; });
}

StepRecord as_grouped(const StepRecord& step) {
  RunRecord run;
  run.steps = {step};
  return grouped(std::move(run)).steps[0];
}

using Marks = std::vector<Json>;  // of each message or job: what differs, a list

// Those alike in `key` meet in their order; `tell` says what of two differs.
template <typename Record, typename Key, typename Tell>
std::pair<Marks, Marks> marks_of(const std::vector<Record>& before, const std::vector<Record>& now, Key key,
                                 Tell tell) {
  std::map<decltype(key(before[0])), std::vector<std::size_t>> was;
  Marks a(before.size(), Json::array()), b(now.size(), Json::array());
  for (std::size_t i = before.size(); i > 0; --i)
    was[key(before[i - 1])].push_back(i - 1);  // the first is the last
  for (std::size_t i = 0; i < now.size(); ++i) {
    auto& left = was[key(now[i])];
    if (left.empty()) {
      b[i].push_back("new");
      continue;
    }
    a[left.back()] = b[i] = tell(before[left.back()], now[i]);
    left.pop_back();
  }
  for (const auto& [_, left] : was)
    for (const std::size_t i : left) a[i].push_back("gone");
  return {std::move(a), std::move(b)};
}

Json message_differs(const MessageRecord& a, const MessageRecord& b) {
  Json what = Json::array();
  const auto say = [&](bool differs, const char* word) {
    if (differs) what.push_back(word);
  };
  say(a.bytes != b.bytes, "bytes");
  say(a.rows != b.rows, "rows");
  say(a.flights != b.flights, "flights");
  say(a.cwnd != b.cwnd, "window");
  say(a.retransmits != b.retransmits, "resent");
  say(a.count != b.count, "count");
  say(a.arrived - a.sent != b.arrived - b.sent, "time");
  return what;
}

Json work_differs(const WorkRecord& a, const WorkRecord& b) {
  Json what = Json::array();
  if (a.rows != b.rows) what.push_back("rows");
  if (a.count != b.count) what.push_back("count");
  if (a.took != b.took) what.push_back("time");
  return what;
}

Json told(const StepRecord& step, const Marks& messages, const Marks& work) {
  Json j = {{"step", step.step},
            {"rows", step.rows},
            {"drafted", step.drafted},
            {"accepted", step.accepted},
            {"took_s", engine::seconds(step.took)},
            {"messages", Json::array()},
            {"work", Json::array()}};
  for (std::size_t i = 0; i < step.messages.size(); ++i) {
    const MessageRecord& m = step.messages[i];
    j["messages"].push_back({{"from", m.from},
                             {"to", m.to},
                             {"bytes", m.bytes},
                             {"rows", m.rows},
                             {"flights", m.flights},
                             {"cwnd", m.cwnd},
                             {"resent", m.retransmits},
                             {"count", m.count},
                             {"sent_s", engine::seconds(m.sent)},
                             {"arrived_s", engine::seconds(m.arrived)},
                             {"differs", messages[i]}});
  }
  const std::vector<Nanos> begins = begins_of_work(step);
  for (std::size_t i = 0; i < step.work.size(); ++i) {
    const WorkRecord& w = step.work[i];
    j["work"].push_back({{"party", w.party},
                         {"phase", engine::name_of(w.phase)},
                         {"rows", w.rows},
                         {"count", w.count},
                         {"begin_s", engine::seconds(begins[i])},
                         {"took_s", engine::seconds(w.took)},
                         {"differs", work[i]}});
  }
  return j;
}

}  // namespace

std::vector<Nanos> begins_of_work(const StepRecord& step) {
  std::map<PartyId, std::vector<std::size_t>> jobs;
  for (std::size_t i = 0; i < step.work.size(); ++i) jobs[step.work[i].party].push_back(i);
  std::vector<Nanos> begins(step.work.size());
  for (const auto& [party, mine] : jobs) {
    std::vector<Nanos> took;
    for (const std::size_t i : mine) took.push_back(step.work[i].took);
    const std::vector<Nanos> placed = PartyTime(step, party).place(took);
    for (std::size_t i = 0; i < mine.size(); ++i) begins[mine[i]] = placed[i];
  }
  return begins;
}

Json strips_of(const StepRecord& before, const StepRecord& now) {
  const bool group = is_grouped(before) || is_grouped(now) ||
                     std::max(before.messages.size(), now.messages.size()) > most_drawn;
  const StepRecord a = group ? as_grouped(before) : before, b = group ? as_grouped(now) : now;
  const auto messages = marks_of(
      a.messages, b.messages, [](const MessageRecord& m) { return std::pair(m.from, m.to); },
      message_differs);
  const auto work = marks_of(
      a.work, b.work, [](const WorkRecord& w) { return std::pair(w.party, w.phase); }, work_differs);
  return {{"grouped", group},
          {"before", told(a, messages.first, work.first)},
          {"now", told(b, messages.second, work.second)}};
}

}  // namespace splitwan::analysis
