#include "model/fit/live.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "model/fit/live_link.hh"

namespace splitwan::model {
namespace {

// Least round trips of one link lie within this share (or this time) of the shorter; where it jitters, within
// what the luckiest packets of two runs may differ by.
constexpr double same_rtt = 0.05, same_rtt_s = 200e-6, same_luck = 0.5;
// Measurements of one rate, of one jitter.
constexpr double same_rate = 1.15, same_jitter = 1.5, same_jitter_s = 1e-3;
constexpr double other_rate = 2;  // of single runs, which tell it roughly

bool near_rtt(double a_s, double b_s, double jitter_s) {
  return std::abs(a_s - b_s) <= std::max({same_rtt * std::min(a_s, b_s), same_rtt_s, same_luck * jitter_s});
}

bool within(double a, double b, double factor) { return a == b || std::max(a, b) <= factor * std::min(a, b); }

bool same_rates(const auto& a, const auto& b) {
  return within(a.up_bps, b.up_bps, same_rate) && within(a.down_bps, b.down_bps, same_rate);
}

struct Shared {
  std::string file;
  std::vector<std::span<const Observation>> runs;
  LiveLink link;
  // Of single runs that tell a rate, the slower way's: runs of one file are one link by their round trips
  // alone.
  double slowest_bps = std::numeric_limits<double>::infinity(), fastest_bps = 0;
};

bool near_rtt(const LiveLink& a, const LiveLink& b) {
  return near_rtt(a.rtt_s, b.rtt_s, std::max(a.jitter_s, b.jitter_s));
}

bool are_same(const LiveLink& a, const LiveLink& b) {
  return near_rtt(a, b) && same_rates(a, b) &&
         (std::abs(a.jitter_s - b.jitter_s) <= same_jitter_s || within(a.jitter_s, b.jitter_s, same_jitter));
}

// Each joins the first that it may join, which is measured again with it.
std::vector<Shared> gather(std::vector<Shared> all, bool (*may)(const Shared&, const Shared&)) {
  std::vector<Shared> links;
  for (Shared& s : all) {
    const auto found = std::ranges::find_if(links, [&](auto& link) { return may(link, s); });
    if (found == links.end()) {
      links.push_back(std::move(s));
    } else {
      found->runs.insert(found->runs.end(), s.runs.begin(), s.runs.end());
      found->link = live_link(found->runs);
      found->slowest_bps = std::min(found->slowest_bps, s.slowest_bps);
      found->fastest_bps = std::max(found->fastest_bps, s.fastest_bps);
    }
  }
  return links;
}

constexpr const char* way_down_not_counted =
    "losses on the way down were not counted: those on the way up stand for both";

}  // namespace

void measure_live_links(std::vector<Observation>& observations, const std::vector<engine::Run>& runs) {
  std::vector<Observation> crossing;
  for (const Observation& o : observations) {
    if (o.crossed() && o.condition.rtt_s == 0 && runs.at(o.run).header.network.edges.empty())
      crossing.push_back(o);
  }
  std::vector<Shared> single;
  for (const auto run : by_run(crossing)) {
    const std::size_t number = run[0].run;
    Shared s{runs.at(number).file, {run}, live_link({run})};
    if (s.link.rtt_s == 0) continue;
    if (const double bps = std::min(s.link.up_bps, s.link.down_bps); std::isfinite(bps))
      s.slowest_bps = s.fastest_bps = bps;
    single.push_back(std::move(s));
  }
  auto links = gather(std::move(single), [](const Shared& a, const Shared& b) {
    return a.file == b.file && near_rtt(a.link, b.link);
  });
  links = gather(std::move(links), [](const Shared& a, const Shared& b) { return are_same(a.link, b.link); });

  std::map<std::size_t, const Shared*> measured;
  for (const Shared& s : links) {
    for (const auto run : s.runs) measured[run[0].run] = &s;
  }
  for (Observation& o : observations) {
    const auto found = measured.find(o.run);
    if (found == measured.end()) continue;
    const LiveLink& link = found->second->link;
    Condition& c = o.condition;
    c.rtt_s = link.rtt_s;
    c.up_bps = link.up_bps;
    c.down_bps = link.down_bps;
    c.jitter_s = link.jitter_s;
    // Where nobody counted what was lost on the way down, the way up stands for both.
    const double down = link.loss_down.value_or(link.loss_up);
    c.loss = (link.loss_up + down) / 2;
    c.loss_tilt = (down - link.loss_up) / 2;
    if (!link.loss_down && link.loss_up > 0) c.apart.emplace_back(way_down_not_counted);
    if (const Shared& s = *found->second; s.fastest_bps > other_rate * s.slowest_bps)
      c.apart.push_back(fmt::format(
          "runs of one round-trip time whose rates differ, {:.3g} to {:.3g} Mbit/s, taken as one link",
          s.slowest_bps * 1e-6, s.fastest_bps * 1e-6));
  }
}

Study study_of(std::vector<engine::Run> runs) {
  Study study(std::move(runs));
  measure_live_links(study.steps, study.runs);
  return study;
}

std::vector<std::string> links_told_apart(const std::vector<FittedCondition>& all) {
  std::vector<std::string> sentences;
  for (auto a = all.begin(); a != all.end(); ++a) {
    for (auto b = std::next(a); b != all.end(); ++b) {
      const Condition &x = a->condition, &y = b->condition;
      if (!x.live || !y.live || !near_rtt(x.rtt_s, y.rtt_s, 0) || same_rates(x, y)) continue;
      sentences.push_back(fmt::format(
          "two links were measured of one round-trip time and of different rates: {} ({} runs) and "
          "{} ({} runs)",
          label(x), a->runs, label(y), b->runs));
    }
  }
  return sentences;
}

}  // namespace splitwan::model
