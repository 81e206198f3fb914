#include "analysis/trials/judge.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/trials/location.hh"
#include "analysis/trials/power.hh"
#include "analysis/trials/rank_test.hh"
#include "engine/base/error.hh"

namespace splitwan::analysis {
namespace {

void check(const Trial& t) {
  if (t.ours.size() != t.theirs.size() || t.ours.size() < 2)
    throw engine::Error(
        "{}: as many samples of one program as of the other were expected, two at least; found {} and {}",
        t.metric, t.ours.size(), t.theirs.size());
  for (const auto* samples : {&t.ours, &t.theirs})
    for (const double v : *samples)
      if (!(v > 0) || !std::isfinite(v))
        throw engine::Error("{}: samples above 0 were expected, found {}", t.metric, v);
}

std::string percent(double share) {
  return std::isfinite(share) ? fmt::format("{:.2g} %", 100 * share) : std::string("any");
}

// "+1.90 % (+1.20 to +2.70 %)"
std::string change_text(const Finding& f) {
  return fmt::format("{:+.2f} % ({:+.2f} to {:+.2f} %)", 100 * (f.ratio - 1), 100 * (f.ratio_low - 1),
                     100 * (f.ratio_high - 1));
}

std::string seen_text(const Finding& f, std::size_t each) {
  if (!std::isfinite(f.smallest_seen)) return fmt::format("{} repetitions are too few to see any", each);
  return fmt::format("{} repetitions show {} and more", each, percent(f.smallest_seen));
}

void decide(Finding& f, const Trial& t, const TrialRules& rules) {
  const double worse = t.higher_is_better ? 1 / f.ratio : f.ratio;  // above 1: slower
  const double half = rules.least_effect / 2, effect = std::max(f.ratio, 1 / f.ratio) - 1;
  const bool differs = f.p_holm < rules.alpha && (f.ratio_low > 1 || f.ratio_high < 1);
  const std::string seen = seen_text(f, t.ours.size());
  if (differs && effect > half) {
    f.verdict = worse > 1 ? Verdict::regressed : Verdict::improved;
    f.reason = fmt::format("{}, p {:.2g}", change_text(f), f.p_holm);
  } else if ((f.smallest_seen <= rules.least_effect && worse - 1 <= half) ||
             std::max(f.ratio_high, 1 / f.ratio_low) - 1 < rules.least_effect) {
    f.verdict = Verdict::pass;
    f.reason = fmt::format("{}; {}", change_text(f), seen);
  } else {
    f.verdict = Verdict::inconclusive;
    f.reason = fmt::format("{}; {}, {} takes {}", change_text(f), seen, percent(rules.least_effect),
                           f.needed ? fmt::format("{}", *f.needed) : "more than can be had");
  }
}

}  // namespace

std::vector<Finding> judge(const std::vector<Trial>& trials, const TrialRules& rules) {
  std::vector<Finding> findings;
  std::vector<double> p;
  // Holm compares the first of m metrics with alpha / m: whatever the others say, that is enough.
  const TestSize size{rules.alpha / static_cast<double>(std::max<std::size_t>(1, trials.size())),
                      rules.power};
  for (const Trial& t : trials) {
    check(t);
    Finding f;
    const auto interval = ratio_interval(t.ours, t.theirs, 1 - rules.alpha, rules.seed, rules.draws);
    f.ratio = interval.ratio;
    f.ratio_low = interval.low;
    f.ratio_high = interval.high;
    f.p = paired_mann_whitney(t.ours, t.theirs).p;
    const auto scatter = scatter_of(t.ours, t.theirs);
    f.smallest_seen = smallest_effect(scatter, t.ours.size(), size);
    f.needed = repetitions_for(scatter, rules.least_effect, size);
    p.push_back(f.p);
    findings.push_back(std::move(f));
  }
  const auto corrected = holm(p);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    findings[i].p_holm = corrected[i];
    decide(findings[i], trials[i], rules);
  }
  return findings;
}

}  // namespace splitwan::analysis
