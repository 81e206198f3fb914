// Results of gates, as a gate would give them.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>

#include "analysis/gate/verdict.hh"

namespace splitwan::tests {

using analysis::GateResult, analysis::GateRow, analysis::Measured, analysis::Verdict;

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

// Two scenarios, three cells, eight rows: one of everything that a row can be.
inline GateResult gate_of_everything() {
  const std::string plain = "gate-plain", del = "gate-del", near = "20 ms, 100 Mbit/s, ngram",
                    far = "80 ms, 100 Mbit/s, ngram";
  const std::string why = "run 0 (def add), step 7: message from 0 to 1: 660 bytes where 640 were (+3.12 %)";
  GateResult r;
  r.verdict = Verdict::regressed;
  r.rows = {{plain, far, "tokens_per_s", "tokens/s", true, 12.5, 12.25, Verdict::regressed, why, {}},
            {plain, far, "bytes_per_token", "bytes", false, 2690, 2770.7, Verdict::regressed, why, {}},
            {plain,
             far,
             "ttft_s",
             "s",
             false,
             0.5,
             0.500001,
             Verdict::pass,
             "1 % allowed, 0.0002 % found; " + why,
             {}},
            {plain, far, "tokens_per_step", "tokens", true, 2.5, 2.5, Verdict::pass, "", {}},
            {plain, near, "tokens_per_s", "tokens/s", true, 40, 40, Verdict::pass, "", {}},
            {plain, near, "bytes_per_token", "bytes", false, 2690, 2690, Verdict::pass, "", {}},
            {del,
             "",
             "fingerprint",
             "",
             false,
             no_value,
             no_value,
             Verdict::inconclusive,
             "not the same experiment, not compared: model: baseline 1a2b, now 3c4d",
             {}},
            {del, "compute", "head", "instructions", false, 1e9, 0.98e9, Verdict::improved, "",
             Measured{{1, 2, 3}, {2, 3, 4}, 0.98, 0.97, 0.99, 0.0004, 0.0008, 0.013, 34}, true}};
  r.notes = {"gate-cascade is in the baseline and was not run"};
  r.differences = {
      {{"scenario", plain},
       {"cell", far},
       {"first",
        {{"run", 0},
         {"prompt", "def add"},
         {"step", 7},
         {"what", "bytes"},
         {"before", {{"from", 0}, {"to", 1}, {"bytes", 640}}},
         {"now", {{"from", 0}, {"to", 1}, {"bytes", 660}}},
         {"reason", why}}},
       {"cost",
        {{"before", {{"total_s", 5.5}, {"steps", 64}}}, {"now", {{"total_s", 5.75}, {"steps", 64}}}}}}};
  return r;
}

// What somebody might name things to be heard by a terminal, an XML or Markdown reader, or a CI runner.
inline const std::string hostile =
    "a|b ]]> <b>&amp;</b> \"q' `c` @octocat #17 %0A\n::error::x\r\x1b[31m\x01\x7f \xff\xc3\xa9 "
    "\xe2\x80\xae[l](http://e.x) "
    "**s** ~~t~~ _u_ --> <!-- \\| </details>";

inline GateResult gate_of_hostile_names() {
  GateResult r = gate_of_everything();
  for (GateRow& row : r.rows) row.scenario = row.cell = row.metric = row.unit = row.reason = hostile;
  r.notes = {hostile, ""};
  r.differences[0]["scenario"] = r.differences[0]["cell"] = r.differences[0]["first"]["what"] = hostile;
  return r;
}

// 20,000 rows, two thirds of them differ, with reasons of 2 MiB in all.
inline GateResult gate_of_many_rows() {
  GateResult r;
  r.verdict = Verdict::regressed;
  for (int i = 0; i < 20000; ++i) {
    const auto verdict = i % 3 == 0 ? Verdict::pass : i % 3 == 1 ? Verdict::regressed : Verdict::improved;
    r.rows.push_back({"s" + std::to_string(i / 1000),
                      "cell " + std::to_string(i % 1000),
                      "bytes_per_token",
                      "bytes",
                      false,
                      1000,
                      verdict == Verdict::pass        ? 1000.
                      : verdict == Verdict::regressed ? 1001. + i
                                                      : 999,
                      verdict,
                      verdict == Verdict::pass ? "" : std::string(150, 'y') + std::to_string(i),
                      {}});
  }
  return r;
}

}  // namespace splitwan::tests
