#include "analysis/gate/compare.hh"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/gate/difference.hh"
#include "engine/base/error.hh"
#include "engine/base/json_file.hh"

namespace splitwan::analysis {
namespace {

using engine::Error;

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// How many of the baseline's tokens are still where they were.
double same_tokens(const CellRecord& before, const CellRecord& now) {
  double same = 0;
  for (std::size_t i = 0; i < std::min(before.runs.size(), now.runs.size()); ++i) {
    const auto &a = before.runs[i].output, &b = now.runs[i].output;
    same += static_cast<double>(std::ranges::mismatch(a, b).in1 - a.begin());
  }
  return same;
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
    if ((difference || was.name != is.name) && !told)
      result.notes.push_back(
          fmt::format("{}, {}: every metric is as it was, the steps are not: {}", now.name, is.name, reason));
  }

  void lost(const ScenarioRecord& now, const std::string& cell, const char* what) {
    result.rows.push_back({now.name, cell, "cell", "cells", true, 1, 0, Verdict::regressed, what, {}});
  }

  void scenario(const ScenarioRecord& before, const ScenarioRecord& now) {
    const auto named = [](const std::vector<CellRecord>& cells, const std::string& name) {
      const auto found = std::ranges::find(cells, name, &CellRecord::name);
      return found == cells.end() ? nullptr : &*found;
    };
    std::vector<const CellRecord*> left,
        fresh;  // cells are told apart by links too: the same ones, changed, are others
    for (const CellRecord& was : before.cells)
      if (!named(now.cells, was.name)) left.push_back(&was);
    for (const CellRecord& is : now.cells)
      if (!named(before.cells, is.name)) fresh.push_back(&is);
    const bool renamed = left.size() == fresh.size();
    std::size_t next = 0;
    for (const CellRecord& is : now.cells) {
      if (const CellRecord* was = named(before.cells, is.name))
        cell(before, now, *was, is);
      else if (renamed)
        cell(before, now, *left[next++], is);
      else
        lost(now, is.name, "the scenario's runs have this cell, the baseline does not");
    }
    for (const CellRecord* was : left)
      if (!renamed) lost(now, was->name, "the baseline has this cell, the scenario's runs do not");
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
  shares_[metric.name] = std::abs(percent) / 100;
}

double Allowances::of(const std::string& metric) const {
  const auto found = shares_.find(metric);
  return found == shares_.end() ? 0 : found->second;
}

Verdict worst_of(const std::vector<GateRow>& rows) {
  for (const Verdict v : {Verdict::regressed, Verdict::inconclusive, Verdict::improved})
    if (std::ranges::any_of(rows, [&](const GateRow& row) { return row.verdict == v; })) return v;
  return Verdict::pass;
}

GateResult compare(const Baseline& baseline, const std::vector<ScenarioRecord>& now,
                   const Allowances& allowances, const std::string& file) {
  GateResult result;
  result.differences = Json::array();
  Comparison comparison{allowances, result};
  for (const ScenarioRecord& is : now) {
    const ScenarioRecord* was = baseline.find(is.name);
    if (!was) {
      std::vector<std::string> names;
      for (const ScenarioRecord& s : baseline.scenarios) names.push_back(s.name);
      throw Error("{}: has no scenario '{}' (it has {}): --update adds it", file, is.name,
                  names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")));
    }
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
  if (result.verdict == Verdict::improved)
    result.notes.emplace_back("for the better: --update makes it the baseline");
  return result;
}

}  // namespace splitwan::analysis
