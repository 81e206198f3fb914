#include "analysis/gate/compare.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/gate/difference.hh"
#include "analysis/gate/pairs.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// How many of the baseline's tokens are still where they were, less those that are new behind them.
double same_tokens(const CellRecord& before, const CellRecord& now) {
  double same = 0;
  for (std::size_t i = 0; i < std::min(before.runs.size(), now.runs.size()); ++i) {
    const auto &a = before.runs[i].output, &b = now.runs[i].output;
    same += static_cast<double>(std::ranges::mismatch(a, b).in1 - a.begin());
    if (b.size() > a.size()) same -= static_cast<double>(b.size() - a.size());
  }
  return same;
}

std::pair<double, double> steps_and_same(const CellRecord& before, const CellRecord& now) {
  double steps = 0, same = 0;
  for (std::size_t i = 0; i < before.runs.size(); ++i) {
    const auto& a = before.runs[i].steps;
    steps += static_cast<double>(a.size());
    for (std::size_t s = 0; i < now.runs.size() && s < std::min(a.size(), now.runs[i].steps.size()); ++s)
      same += a[s] == now.runs[i].steps[s] ? 1 : 0;
  }
  return {steps, same};
}

Verdict verdict_on(const GateRow& row, double allowed) {
  if (row.current == row.baseline) return Verdict::pass;
  if (std::isnan(row.current) || std::isnan(row.baseline)) return Verdict::regressed;
  if ((row.current > row.baseline) == row.higher_is_better) return Verdict::improved;
  return std::abs(change_of(row)) <= allowed ? Verdict::pass : Verdict::regressed;
}

struct Comparison {
  const Allowances& allowances;
  GateResult& result;

  void cell(const ScenarioRecord& before, const ScenarioRecord& now, const CellRecord& was,
            const CellRecord& is) {
    const auto difference = first_difference(was, is);
    std::string reason;
    if (was.name != is.name) reason = fmt::format("this cell was '{}'; ", was.name);
    if (difference) {
      const Totals a = totals_of(was), b = totals_of(is);
      const auto settings = settings_changed(before.settings, now.settings);
      if (!settings.empty()) reason += fmt::format("{}; ", fmt::join(settings, ", "));
      reason += difference->reason + "; " + cost_of(a, b);
      result.differences.push_back(
          {{"scenario", now.name},
           {"cell", is.name},
           {"first",
            {{"run", difference->run},
             {"prompt", difference->prompt},
             {"step", difference->step},
             {"what", difference->what},
             {"before", difference->before},
             {"now", difference->now},
             {"reason", difference->reason}}},
           {"cost", {{"before", to_json(a)}, {"now", to_json(b)}, {"text", cost_of(a, b)}}},
           {"settings", settings}});
    }
    bool told = false;
    for (const Metric& metric : gate_metrics()) {
      const std::string name = metric.name;
      if (!was.metrics.contains(name) && !is.metrics.contains(name)) continue;
      GateRow row{now.name, is.name, name,          metric.unit, metric.higher_is_better,
                  unknown,  unknown, Verdict::pass, "",          {}};
      if (was.metrics.contains(name)) row.baseline = was.metrics.at(name);
      if (is.metrics.contains(name))
        row.current = name == "same_tokens" ? same_tokens(was, is) : is.metrics.at(name);
      const double allowed = allowances.of(name);
      row.verdict = verdict_on(row, allowed);
      if (row.current != row.baseline) {
        told = true;
        row.reason = reason;
        if (row.verdict == Verdict::pass)
          row.reason = fmt::format("{:.4g} % allowed, {:.4g} % found; {}", allowed * 100,
                                   std::abs(change_of(row)) * 100, reason);
      }
      result.rows.push_back(std::move(row));
    }
    if (difference && !told) {
      const auto [steps, same] = steps_and_same(was, is);
      result.rows.push_back({now.name,
                             is.name,
                             "same_steps",
                             "steps",
                             true,
                             steps,
                             std::min(same, steps - 1),
                             Verdict::pass,
                             "every metric is as it was, the steps are not: " + reason,
                             {}});
    } else if (was.name != is.name && !told) {
      result.notes.push_back(
          fmt::format("{}, {}: every step is as it was; this cell was '{}'", now.name, is.name, was.name));
    }
  }

  void unmatched(const ScenarioRecord& scenario, const std::string& cell, bool fresh) {
    result.rows.push_back({scenario.name,
                           cell,
                           "cell",
                           "cells",
                           true,
                           fresh ? 0.0 : 1.0,
                           fresh ? 1.0 : 0.0,
                           Verdict::regressed,
                           fresh ? "the scenario's runs have this cell, the baseline does not"
                                 : "the baseline has this cell, the scenario's runs do not",
                           {}});
  }

  void scenario(const ScenarioRecord& before, const ScenarioRecord& now) {
    for (const CellPair& pair : pairs_of(before, now)) {
      if (pair.before && pair.now)
        cell(before, now, *pair.before, *pair.now);
      else
        unmatched(now, (pair.now ? pair.now : pair.before)->name, pair.now);
    }
  }
};

}  // namespace

void Allowances::add(const std::string& text) {
  const auto fail = [&](const std::string& expected) -> Error {
    return Error("--allow '{}': expected {}", text, expected);
  };
  const auto equals = text.find('=');
  if (equals == std::string::npos) throw fail("METRIC=CHANGE, as in tokens_per_s=-1%");
  const Metric& metric = gate_metric(text.substr(0, equals));
  std::string change = text.substr(equals + 1);
  if (change.empty() || change.back() != '%') throw fail("a change in percent, as in tokens_per_s=-1%");
  change.pop_back();
  char* end = nullptr;
  const double percent = std::strtod(change.c_str(), &end);
  if (change.empty() || *end != 0 || !std::isfinite(percent))
    throw fail("a change in percent, as in tokens_per_s=-1%");
  const bool down = change[0] == '-';
  if (percent != 0 && down != metric.higher_is_better)
    throw fail(fmt::format("a change for the worse, which is {} of {}",
                           metric.higher_is_better ? "negative" : "positive", metric.name));
  if (metric.higher_is_better && percent <= -100)
    throw fail("a change that leaves something, as in tokens_per_s=-1%");
  shares_[metric.name] = std::abs(percent) / 100;
}

double Allowances::of(const std::string& metric) const {
  const auto found = shares_.find(metric);
  return found == shares_.end() ? 0 : found->second;
}

Verdict worst_of(const std::vector<GateRow>& rows) {
  for (const Verdict v : {Verdict::regressed, Verdict::inconclusive, Verdict::improved})
    if (std::ranges::any_of(rows, [&](const GateRow& row) { return row.verdict == v; })) return v;
  return rows.empty() ? Verdict::inconclusive : Verdict::pass;
}

const ScenarioRecord& in_baseline(const Baseline& baseline, const std::string& scenario,
                                  const std::string& file) {
  if (const ScenarioRecord* found = baseline.find(scenario)) return *found;
  std::vector<std::string> names;
  for (const ScenarioRecord& s : baseline.scenarios) names.push_back(s.name);
  throw Error("{}: has no scenario '{}' (it has {}): --update adds it", file, scenario,
              names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
}

GateResult compare(const Baseline& baseline, const std::vector<ScenarioRecord>& now,
                   const Allowances& allowances, const std::string& file) {
  GateResult result;
  result.differences = Json::array();
  Comparison comparison{allowances, result};
  for (const ScenarioRecord& is : now) {
    const ScenarioRecord* was = &in_baseline(baseline, is.name, file);
    const auto differs = fingerprint_differs(was->fingerprint, is.fingerprint);
    if (differs.empty())
      comparison.scenario(*was, is);
    else
      result.rows.push_back(
          {is.name,
           "",
           "fingerprint",
           "",
           false,
           unknown,
           unknown,
           Verdict::inconclusive,
           fmt::format("not the same experiment, not compared: {}", fmt::join(differs, "; ")),
           {}});
  }
  for (const ScenarioRecord& s : baseline.scenarios)
    if (std::ranges::find(now, s.name, &ScenarioRecord::name) == now.end())
      result.notes.push_back(fmt::format("{} is in the baseline and was not run", s.name));
  result.verdict = worst_of(result.rows);
  return result;
}

}  // namespace splitwan::analysis
