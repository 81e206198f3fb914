#include "model/judge/unseen.hh"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/order_statistics.hh"
#include "model/ask/projection.hh"
#include "model/judge/baseline.hh"
#include "model/judge/groups.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using UnseenRuns = std::vector<std::span<const Observation>>;

struct Deviation {
  double measured_s = 0, predicted_s = 0;
  double value() const { return predicted_s / measured_s - 1; }
};

// Mean decode step of a run, measured and predicted.
struct RunMean {
  double measured_s = 0, predicted_s = 0, steps = 0;
};

RunMean mean_of(const LatencyModel& model, std::span<const Observation> run) {
  RunMean mean;
  const auto predicted = model.run(run);
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (run[i].prefill) continue;
    mean.measured_s += run[i].total_s;
    mean.predicted_s += predicted[i].total_s();
    ++mean.steps;
  }
  return mean;
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
  std::vector<double> means;
  std::map<std::string, Interval> known;  // by prompt: the same steps again, with other chances
  for (const auto run : runs) {
    const RunMean mean = mean_of(model, run);
    if (mean.steps == 0) continue;
    cell.error.measured_s += mean.measured_s;
    cell.error.predicted_s += mean.predicted_s;
    means.push_back(mean.measured_s / mean.steps);
    for (const Observation& o : run) {
      if (!o.prefill) decode.push_back(&o);
    }
    auto [interval, fresh] = known.try_emplace(run[0].prompt);
    if (fresh) interval->second = step_interval(model, run);
    cell.covered += means.back() >= interval->second.low && means.back() <= interval->second.high;
  }
  cell.steps = decode.size();
  const auto steps = static_cast<double>(cell.steps), count = static_cast<double>(means.size());
  cell.error.measured_s /= steps;
  cell.error.predicted_s /= steps;
  double spread = 0;
  for (const double m : means) spread += (m - cell.error.measured_s) * (m - cell.error.measured_s);
  if (means.size() > 1) cell.standard_error_s = std::sqrt(spread / (count - 1) / count);
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

Json summary_of(const std::vector<const TestCell*>& cells) {
  std::vector<double> errors;
  std::size_t runs = 0, covered = 0, warned = 0;
  for (const TestCell* c : cells) {
    errors.push_back(c->error.value());
    runs += c->runs;
    covered += c->covered;
    warned += !c->warnings.empty();
  }
  Json j = sizes(std::move(errors));
  j["runs"] = runs;
  j["coverage"] = runs ? Json(static_cast<double>(covered) / static_cast<double>(runs)) : Json();
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
  for (const auto run : runs) {
    if (!run[0].prefill) continue;
    const double predicted_s = model.run(run.first(1))[0].total_s();
    cells[{run[0].condition, run[0].rows}].push_back({run, {run[0].total_s, predicted_s}});
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
    const Observation& o = list[0].first[0];
    const double simple_s = o.condition.rtt_s + wire_s(o.bytes_up, o.condition.up_bps) +
                            wire_s(o.bytes_down, o.condition.down_bps) + constant_s + row_s;
    errors.push_back(mean.value());
    all.push_back({{"cell", label(key.first) + asides_of(list[0].first)},
                   {"prompt_rows", key.second},
                   {"runs", list.size()},
                   {"measured_s", mean.measured_s},
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
  std::vector<TestCell> cells;
  for (const auto& [key, list] : by_cell) {
    if (std::ranges::any_of(list, [](auto& run) { return !run.back().prefill; }))
      cells.push_back(judge_cell(model, baselines, list));
  }
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
