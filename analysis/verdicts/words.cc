#include "analysis/verdicts/words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "engine/base/plain_text.hh"

namespace splitwan::analysis {
namespace {

constexpr int least_digits = 6, most_digits = std::numeric_limits<double>::max_digits10;

std::string number_text(double value, int digits) {
  if (!std::isfinite(value)) return "none";
  if (value == std::round(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  const int before = static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;  // the point
  return fmt::format("{:.{}g}", value, before < 15 ? std::max(digits, before + 1) : digits);
}

std::string change_text(const GateRow& row) {
  if (row.current == row.baseline) return "0 %";
  const double percent = 100 * change_of(row);
  if (!std::isfinite(percent)) return row.baseline == 0 && std::isfinite(row.current) ? "from 0" : "";
  return std::abs(percent) < 999.5 ? fmt::format("{:+.3g} %", percent) : fmt::format("{:+.0f} %", percent);
}

double size_of_change(const GateRow& row) {
  const double change = std::abs(change_of(row));
  return std::isnan(change) ? std::numeric_limits<double>::infinity() : change;
}

std::string so_many(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string are(std::size_t count, std::string_view what) {
  return fmt::format("{} {} {}", count, count == 1 ? "is" : "are", what);
}

// "3 of 72 values are worse than the baseline, 2 are undecided, 1 is better than the other build".
std::string counts(const Tally& t) {
  std::string text;
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count == 0) return;
    text += text.empty() ? fmt::format("{} of {} {} {}", count, so_many(t.rows, "value"),
                                       count == 1 ? "is" : "are", what)
                         : ", " + are(count, what);
  };
  const auto beside = [&](Verdict verdict, const std::string& what) {
    const auto i = static_cast<std::size_t>(verdict);
    add(t.of[i] - t.of_other[i], what + " than the baseline");
    add(t.of_other[i], what + " than the other build");
  };
  beside(Verdict::regressed, "worse");
  add(t.of[static_cast<std::size_t>(Verdict::inconclusive)], "undecided");
  beside(Verdict::improved, "better");
  return text;
}

// What makes values of this verdict the baseline; "" where no baseline has them.
std::string remedy(const GateResult& result, Verdict verdict) {
  const bool any = std::ranges::any_of(
      result.rows, [&](const GateRow& row) { return row.verdict == verdict && !row.other_build; });
  if (!any) return "";
  if (result.updated) return "; these values are the baseline now";
  if (verdict == Verdict::inconclusive)
    return "; if it is meant to be another experiment, --update makes its values the baseline";
  return verdict == Verdict::regressed ? "; if that is meant, --update makes these values the baseline"
                                       : "; --update makes these values the baseline";
}

std::string passed(const Tally& t, bool refused) {
  const std::string in = " in " + so_many(t.scenarios, "scenario");
  const auto not_worse = [&](std::string_view whose) {
    return fmt::format("{} {} no worse than the other build{}", so_many(t.other_build, "value"),
                       t.other_build == 1 ? "is" : "are", whose);
  };
  if (t.other_build == t.rows) return "pass: " + not_worse(in);
  const std::size_t exact = t.rows - t.other_build;
  std::string text = fmt::format("pass: {} of {}{}", so_many(exact, "value"), so_many(t.cells, "cell"), in);
  if (t.changed > 0)
    text += fmt::format("; {} within what is allowed{}", are(t.changed, "not as in the baseline, but"),
                        refused ? ", which --strict does not let pass" : "");
  else
    text += fmt::format(" {} as in the baseline{}", exact == 1 ? "is" : "are",
                        refused ? "; the steps are not, which --strict does not let pass" : "");
  return t.other_build > 0 ? text + "; " + not_worse("") : text;
}

}  // namespace

Figures figures_of(const GateRow& row) {
  Figures f;
  if (std::isnan(row.baseline) && std::isnan(row.current)) return f;  // nothing was compared
  for (int digits = least_digits; digits <= most_digits; ++digits) {
    f.baseline = number_text(row.baseline, digits);
    f.current = number_text(row.current, digits);
    if (f.baseline != f.current || row.baseline == row.current) break;
  }
  f.change = change_text(row);
  return f;
}

bool differs(const GateRow& row) {
  return row.verdict != Verdict::pass || row.baseline != row.current || !row.reason.empty();
}

Verdict outcome_of(const GateResult& result, const GateRow& row) {
  const bool other = row.verdict != Verdict::inconclusive && !row.other_build && row.baseline != row.current;
  return result.strict && other ? Verdict::regressed : row.verdict;
}

std::string sentence(const GateRow& row) {
  const Figures f = figures_of(row);
  std::string text(name_of(row.verdict));
  if (!f.current.empty()) text += fmt::format(", {} -> {}", f.baseline, f.current);
  if (!f.current.empty() && !row.unit.empty()) text += " " + engine::one_line(row.unit);
  if (!f.change.empty()) text += fmt::format(" ({})", f.change);
  if (!row.reason.empty()) text += ": " + engine::one_line(row.reason);
  return text;
}

std::string measured_text(const Measured& m) {
  std::string text =
      fmt::format("{:.4g} of theirs ({:.4g} to {:.4g}), p {:.2g}, after Holm {:.2g}, {} and {} samples",
                  m.ratio, m.ratio_low, m.ratio_high, m.p, m.p_holm, m.ours.size(), m.theirs.size());
  if (m.smallest_seen > 0) text += fmt::format("; would have seen {:.2g} %", 100 * m.smallest_seen);
  if (m.needed) text += fmt::format("; {} repetitions would see the least that was asked for", *m.needed);
  return text;
}

Tally tally(const GateResult& result) {
  Tally t;
  std::set<std::string> scenarios;
  std::set<std::pair<std::string, std::string>> cells;
  for (const GateRow& row : result.rows) {
    ++t.rows;
    ++t.of[static_cast<std::size_t>(row.verdict)];
    t.other_build += row.other_build;
    t.of_other[static_cast<std::size_t>(row.verdict)] += row.other_build;
    t.changed += row.verdict == Verdict::pass && !row.other_build && row.baseline != row.current;
    scenarios.insert(row.scenario);
    if (!row.other_build) cells.emplace(row.scenario, row.cell);
  }
  t.scenarios = scenarios.size();
  t.cells = cells.size();
  return t;
}

std::string verdict_line(const GateResult& result) {
  const Tally t = tally(result);
  if (t.rows == 0) return fmt::format("{}: nothing was compared", name_of(result.verdict));
  const std::string told = counts(t);
  const bool refused = result.strict && !result.updated && (t.changed > 0 || !result.differences.empty());
  switch (result.verdict) {
    case Verdict::regressed:
      return fmt::format("regressed: {}{}", told, remedy(result, Verdict::regressed));
    case Verdict::inconclusive:
      return fmt::format("inconclusive: {}; each says why{}", told, remedy(result, Verdict::inconclusive));
    case Verdict::improved:
      return fmt::format("improved: {}{}{}", told, refused ? ", which --strict does not let pass" : "",
                         remedy(result, Verdict::improved));
    case Verdict::pass:
      break;
  }
  return passed(t, refused);
}

std::vector<const GateRow*> worst_first(const GateResult& result, Verdict outcome) {
  std::vector<const GateRow*> rows;
  for (const GateRow& row : result.rows)
    if (outcome_of(result, row) == outcome) rows.push_back(&row);
  std::ranges::stable_sort(rows, std::greater{}, [](const GateRow* row) { return size_of_change(*row); });
  return rows;
}

std::vector<ScenarioRows> by_scenario(const GateResult& result) {
  std::vector<ScenarioRows> all;
  std::map<std::string, std::size_t> places;
  for (const GateRow& row : result.rows) {
    const auto [place, is_new] = places.emplace(row.scenario, all.size());
    if (is_new) all.push_back({row.scenario, {}});
    all[place->second].rows.push_back(&row);
  }
  return all;
}

}  // namespace splitwan::analysis
