// What a gate says: a line per scenario, cell and metric, and one word for all of them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis/trials/judge.hh"
#include "engine/base/json.hh"

namespace splitwan::analysis {

using engine::Json;

std::string_view name_of(Verdict);

// Of a metric that was measured against another build: what the numbers say.
struct Measured {
  std::vector<double> ours, theirs;  // samples, in the order in which they were taken, alternating
  double ratio = 1, ratio_low = 1, ratio_high = 1;  // ours / theirs, Hodges-Lehmann; bootstrap interval
  double p = 1, p_holm = 1;  // Mann-Whitney U, two-sided, over swaps of pairs; after Holm over all metrics
  double smallest_seen = 0;  // effect (share) that these samples would have shown with 80 % power
  std::optional<std::size_t> needed;  // repetitions to see the least effect asked for
};

struct GateRow {
  std::string scenario, cell, metric, unit;  // cell: "80 ms, 100 Mbit/s, ngram"
  bool higher_is_better = false;
  double baseline = 0, current = 0;  // of a measured one: the medians, theirs and ours
  Verdict verdict = Verdict::pass;
  std::string reason;                // empty where nothing differs; one line
  std::optional<Measured> measured;  // none: virtual time, exact
  bool other_build = false;          // beside another build, which has no baseline
};

struct GateResult {
  Verdict verdict = Verdict::pass;  // the worst of all rows: regressed, inconclusive, improved, pass
  std::vector<GateRow> rows;
  std::vector<std::string> notes;  // what else is worth saying, a line each
  bool strict = false;             // any difference fails, also one for the better
  bool updated = false;            // these values are the baseline now
  Json differences;  // of each cell whose trace differs: {scenario, cell, first {..}, cost {..}},
                     // difference.hh
};

// {schema_version, kind: "gate", verdict, cells: [{scenario, cell, metric, unit, baseline, current, change,
// verdict, reason, measured}], differences, notes}. `change` is a share of the baseline, null where that is
// 0.
Json to_json(const GateResult&);
double change_of(const GateRow&);  // NaN where the baseline is 0 and the current is not

}  // namespace splitwan::analysis
