#include "model/judge/unseen.hh"

#include <algorithm>
#include <atomic>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <future>
#include <map>
#include <numeric>
#include <thread>

#include "engine/base/order_statistics.hh"
#include "model/ask/projection.hh"
#include "model/judge/baseline.hh"
#include "model/judge/groups.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

// work(i) of each of so many, as many at a time as there are cores.
template <typename Work>
void each(std::size_t many, Work work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::future<void>> workers;
  for (std::size_t i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
    workers.push_back(std::async(std::launch::async, [&] {
      for (std::size_t k = next++; k < many; k = next++) work(k);
    }));
  for (auto& worker : workers) worker.get();
}

using UnseenRuns = std::vector<std::span<const Observation>>;

struct Deviation {
  double measured_s = 0, predicted_s = 0;
  double value() const { return predicted_s / measured_s - 1; }
};

// Of a run's decode steps.
struct Measured {
  double sum_s = 0, steps = 0;
  double mean_s() const { return sum_s / steps; }
};

Measured measured(std::span<const Observation> run) {
  Measured m;
  for (const Observation& o : run) {
    if (!o.prefill) m.sum_s += o.total_s, ++m.steps;
  }
  return m;
}

struct TestCell {
  std::vector<std::string> groups;
  std::string name, drafter;
  std::size_t runs = 0, covered = 0, steps = 0;
  Deviation error;
  double standard_error_s = 0, median_error = 0;
  std::vector<std::string> warnings;
  std::map<std::string, double> baselines;  // errors
};

TestCell judge_cell(const LatencyModel& model, const Baselines& baselines, const UnseenRuns& runs) {
  const Observation& any = runs[0][0];
  TestCell cell;
  cell.groups = groups_of(runs);
  cell.name = label(any.condition) + asides_of(runs[0]);
  cell.drafter = any.drafter;
  cell.runs = runs.size();
  std::vector<const Observation*> decode;
  std::vector<double> off_s;                         // of runs' means, measured from predicted
  std::map<std::vector<double>, StepLanding> known;  // by rows: the same steps again, with other chances
  for (const auto run : runs) {
    const Measured found = measured(run);
    if (found.steps == 0) continue;
    std::vector<double> rows;
    for (const Observation& o : run) rows.push_back(o.rows), rows.push_back(o.pause_s);
    auto [landing, fresh] = known.try_emplace(rows);
    if (fresh) landing->second = step_landing(model, run);
    const auto& [predicted_s, interval] = landing->second;
    cell.error.measured_s += found.sum_s;
    cell.error.predicted_s += predicted_s * found.steps;
    off_s.push_back(found.mean_s() - predicted_s);
    cell.covered += found.mean_s() >= interval.low && found.mean_s() <= interval.high;
    for (const Observation& o : run) {
      if (!o.prefill) decode.push_back(&o);
    }
  }
  cell.steps = decode.size();
  const auto steps = static_cast<double>(cell.steps), count = static_cast<double>(off_s.size());
  cell.error.measured_s /= steps;
  cell.error.predicted_s /= steps;
  const double bias_s = std::accumulate(off_s.begin(), off_s.end(), 0.0) / count;
  double spread = 0;
  for (const double s : off_s) spread += (s - bias_s) * (s - bias_s);
  if (count > 1) cell.standard_error_s = std::sqrt(spread / (count - 1) / count);
  const Expected expected = expected_of(decode);
  for (const auto& [name, predicted_s] : baselines.step_s(expected))
    cell.baselines[name] = predicted_s / cell.error.measured_s - 1;
  cell.warnings = outside(model, any.condition);
  if (!model.rows.holds(expected.rows))
    cell.warnings.push_back(fmt::format("{:.3g} rows a step: fitted on {:g} to {:g}", expected.rows,
                                        model.rows.low, model.rows.high));
  return cell;
}

// {median, worst, n} of errors' sizes.
Json sizes(std::vector<double> errors) {
  for (double& e : errors) e = std::abs(e);
  return {{"median", errors.empty() ? Json() : Json(engine::median(errors))},
          {"worst", errors.empty() ? Json() : Json(*std::max_element(errors.begin(), errors.end()))},
          {"n", errors.size()}};
}

Json baseline_sizes(const std::vector<const TestCell*>& cells) {
  std::map<std::string, std::vector<double>> errors;
  for (const TestCell* c : cells) {
    for (const auto& [name, error] : c->baselines) errors[name].push_back(error);
  }
  Json j = Json::object();
  for (auto& [name, list] : errors) j[name] = sizes(std::move(list));
  return j;
}

// Whether 90 % intervals held as often as they say: of many runs 85 to 95 %, of fewer so that chance explains
// it.
Json coverage_of(std::size_t covered, std::size_t runs) {
  if (runs == 0) return {{"coverage", Json()}, {"coverage_p", Json()}, {"coverage_as_said", Json()}};
  const boost::math::binomial_distribution<> fair(static_cast<double>(runs), 0.9);
  const auto k = static_cast<double>(covered);
  const double fewer = cdf(fair, k), more = covered > 0 ? cdf(complement(fair, k - 1)) : 1;
  const double p = std::min(1.0, 2 * std::min(fewer, more)), share = k / static_cast<double>(runs);
  constexpr std::size_t many = 200;
  const bool holds = runs >= many ? share >= 0.85 && share <= 0.95 : p >= 0.01;
  return {{"coverage", share}, {"coverage_p", p}, {"coverage_as_said", holds}};
}

Json summary_of(const std::vector<const TestCell*>& cells) {
  std::vector<double> errors;
  double least_sure = 0;
  std::size_t runs = 0, covered = 0, warned = 0;
  for (const TestCell* c : cells) {
    errors.push_back(c->error.value());
    runs += c->runs;
    covered += c->covered;
    warned += !c->warnings.empty();
    least_sure = std::max(least_sure, c->standard_error_s / c->error.measured_s);
  }
  Json j = sizes(std::move(errors));
  j["runs"] = runs;
  j.update(coverage_of(covered, runs));
  j["standard_error"] = least_sure;
  j["warned_cells"] = warned;
  j["baselines"] = baseline_sizes(cells);
  return j;
}

Json json(const TestCell& c) {
  return {{"group", c.groups.empty() ? "" : c.groups.front()},
          {"cell", c.name},
          {"drafter", c.drafter},
          {"runs", c.runs},
          {"steps", c.steps},
          {"measured_s", c.error.measured_s},
          {"standard_error_s", c.standard_error_s},
          {"predicted_s", c.error.predicted_s},
          {"error", c.error.value()},
          {"covered", static_cast<double>(c.covered) / static_cast<double>(std::max<std::size_t>(1, c.runs))},
          {"covered_runs", c.covered},
          {"warned", !c.warnings.empty()},
          {"warnings", c.warnings},
          {"baselines", c.baselines}};
}

// Prompts: a link, and their rows. The step before decoding, told to its first token.
Json first_tokens(const LatencyModel& model, const std::vector<Observation>& fitted, const UnseenRuns& runs,
                  std::vector<double>& errors) {
  std::map<std::pair<Condition, double>, std::vector<std::pair<std::span<const Observation>, Deviation>>>
      cells;
  using Prompt = std::tuple<Condition, double, double>;  // link, rows and bytes
  const auto prompt_of = [](const Observation& o) { return Prompt(o.condition, o.rows, o.bytes_up); };
  std::map<Prompt, std::pair<const Observation*, double>> predicted;
  for (const auto run : runs) {
    if (run[0].prefill) predicted.try_emplace(prompt_of(run[0]), &run[0], 0);
  }
  std::vector<std::pair<const Observation*, double>*> asked;
  asked.reserve(predicted.size());
  for (auto& [prompt, answer] : predicted) asked.push_back(&answer);
  each(asked.size(), [&](std::size_t i) {
    const Observation& o = *asked[i]->first;
    asked[i]->second = model.first_token(shape_of(o), o.condition, 256).total_s();
  });
  for (const auto run : runs) {
    if (!run[0].prefill) continue;
    cells[{run[0].condition, run[0].rows}].push_back(
        {run, {run[0].total_s, predicted.at(prompt_of(run[0])).second}});
  }
  double constant_s = 0, row_s = 0, count = 0;  // the simplest: RTT + bytes over rate + a constant
  for (const Observation& o : fitted) {
    if (!o.prefill) continue;
    constant_s += o.total_s - o.condition.rtt_s - wire_s(o.bytes_up, o.condition.up_bps) -
                  wire_s(o.bytes_down, o.condition.down_bps);
    ++count;
  }
  if (count > 0) constant_s /= count;
  Json all = Json::array();
  for (const auto& [key, list] : cells) {
    Deviation mean;
    for (const auto& [run, e] : list) {
      mean.measured_s += e.measured_s / static_cast<double>(list.size());
      mean.predicted_s += e.predicted_s / static_cast<double>(list.size());
    }
    double spread = 0;
    for (const auto& [run, e] : list) spread += std::pow(e.measured_s - mean.measured_s, 2);
    const auto n = static_cast<double>(list.size());
    const Observation& o = list[0].first[0];
    const double simple_s = o.condition.rtt_s + wire_s(o.bytes_up, o.condition.up_bps) +
                            wire_s(o.bytes_down, o.condition.down_bps) + constant_s + row_s;
    errors.push_back(mean.value());
    all.push_back({{"cell", label(key.first) + asides_of(list[0].first)},
                   {"prompt_rows", key.second},
                   {"runs", list.size()},
                   {"measured_s", mean.measured_s},
                   {"standard_error_s", n > 1 ? Json(std::sqrt(spread / (n - 1) / n)) : Json()},
                   {"predicted_s", mean.predicted_s},
                   {"error", mean.value()},
                   {"baselines", {{"rtt_bytes", simple_s / mean.measured_s - 1}}}});
  }
  return all;
}

}  // namespace

Json test_on(const LatencyModel& model, const std::vector<Observation>& fitted,
             const std::vector<Observation>& other) {
  std::vector<Observation> crossing;
  for (const Observation& o : other) {
    if (o.crossed()) crossing.push_back(o);
  }
  const Baselines baselines(fitted);
  std::map<std::tuple<Condition, std::string, std::string>, UnseenRuns> by_cell;
  UnseenRuns runs = by_run(crossing);
  for (const auto run : runs) by_cell[{run[0].condition, run[0].drafter, asides_of(run)}].push_back(run);
  std::vector<const UnseenRuns*> decoding;
  for (const auto& [key, list] : by_cell) {
    if (std::ranges::any_of(list, [](auto& run) { return !run.back().prefill; })) decoding.push_back(&list);
  }
  std::vector<TestCell> cells(decoding.size());
  each(cells.size(), [&](std::size_t i) { cells[i] = judge_cell(model, baselines, *decoding[i]); });
  std::map<std::string, std::vector<const TestCell*>> groups;
  std::vector<const TestCell*> all;
  Json j = {{"test", Json::array()}, {"first_tokens", Json::array()}, {"test_groups", Json::array()}};
  for (const TestCell& c : cells) {
    j["test"].push_back(json(c));
    all.push_back(&c);
    for (const std::string& g : c.groups) groups[g].push_back(&c);
  }
  for (const auto& [name, members] : groups) {
    Json group = {{"group", name}};
    group.update(summary_of(members));
    j["test_groups"].push_back(std::move(group));
  }
  std::vector<double> first;
  j["first_tokens"] = first_tokens(model, fitted, runs, first);
  j["test_summary"] = summary_of(all);
  j["test_summary"]["first_token"] = sizes(std::move(first));
  return j;
}

}  // namespace splitwan::model
