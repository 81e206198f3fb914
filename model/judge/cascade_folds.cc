#include "model/judge/cascade_folds.hh"

#include <algorithm>
#include <future>
#include <limits>
#include <thread>

#include "engine/base/order_statistics.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

using ShardedRuns = std::vector<const ShardedRun*>;

double round_trips_s(const ShardedRun& run) {
  const double inner = run.widths.layers * (run.terms.sharding.aggregator ? 1.5 : 1);
  return run.condition.rtt_s + inner * run.inner.rtt_s;
}

double mean_rows(const ShardedRun& run) {
  double rows = 0, steps = 0;
  for (const ShardedStep& s : run.steps)
    if (!s.prefill) rows += s.rows, ++steps;
  return rows / std::max(1.0, steps);
}

// Seconds on the wire of the largest message of each way and layer, one after the other; of the last step.
double largest_s(const ShardedRun& run) {
  engine::ShardSession session(run.terms, run.widths, run.wire);
  std::map<std::pair<std::uint32_t, int>, double> most;
  engine::ShardBatch last;
  for (const ShardedStep& step : run.steps)
    for (const ShardedBatch& b : step.batches) {
      last = session.add(1, b.depths, b.chain);
      session.commit(step.prefill ? static_cast<std::uint32_t>(b.depths.size()) : step.accepted);
    }
  const engine::Sharding& s = run.terms.sharding;
  for (const engine::ShardMessage& m : last.messages) {
    const int way = static_cast<int>(s.party(m.from).role) * 8 + static_cast<int>(s.party(m.to).role);
    double& bytes = most[{m.layer, way}];
    bytes = std::max(bytes, static_cast<double>(m.bytes()));
  }
  double sum = 0;
  for (const auto& [_, bytes] : most) sum += wire_s(bytes, std::min(run.inner.up_bps, run.inner.down_bps));
  return sum;
}

Json sizes(const std::vector<CascadeFold>& folds, const std::function<double(const CascadeFold&)>& error) {
  std::vector<double> all;
  all.reserve(folds.size());
  for (const CascadeFold& f : folds) all.push_back(std::abs(error(f)));
  if (all.empty()) return {{"median", nullptr}, {"worst", nullptr}, {"n", 0}};
  const double worst = std::ranges::max(all);
  return {{"median", engine::median(all)}, {"worst", worst}, {"n", all.size()}};
}

Json summary_of(const std::vector<CascadeFold>& folds) {
  Json j = sizes(folds, [](auto& f) { return f.error; });
  j["baselines"] = Json::object();
  if (folds.empty()) return j;
  for (const auto& [name, _] : folds[0].baselines)
    j["baselines"][name] = sizes(folds, [&, key = name](auto& f) { return f.baselines.at(key); });
  return j;
}

Json fold_json(const CascadeFold& f) {
  Json j = {{"held_out", f.held_out},
            {"alpha", f.alpha},
            {"cluster", f.cluster},
            {"rows", f.rows},
            {"extrapolated", f.extrapolated}};
  j.update(link_json(f.condition));
  j["predicted_step_s"] = f.predicted_s;
  j["measured_step_s"] = f.measured_s;
  j["error"] = f.error;
  j["baselines"] = f.baselines;
  return j;
}

}  // namespace

CascadeBaselines::CascadeBaselines(const ShardedRuns& runs) {
  std::vector<double> ones, rtts, rows, shards, steps;
  for (const ShardedRun* run : runs) {
    const double step_s = mean_step_s(*run), rest_s = step_s - round_trips_s(*run);
    less_rtt_ += rest_s / static_cast<double>(runs.size());
    less_bytes_ += (rest_s - largest_s(*run)) / static_cast<double>(runs.size());
    ones.push_back(1), rtts.push_back(run->inner.rtt_s), rows.push_back(mean_rows(*run));
    shards.push_back(run->terms.sharding.alpha), steps.push_back(step_s);
  }
  const auto fitted = robust_fit({ones, rtts, rows, shards}, steps, std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < std::size(linear_); ++i) linear_[i] = fitted[i].value;
}

std::map<std::string, double> CascadeBaselines::step_s(const ShardedRun& run) const {
  const double rtt_s = run.inner.rtt_s, trips_s = round_trips_s(run);
  return {{"rtt", trips_s + less_rtt_},
          {"rtt_bytes", trips_s + largest_s(run) + less_bytes_},
          {"linear", linear_[0] + linear_[1] * rtt_s + linear_[2] * mean_rows(run) +
                         linear_[3] * run.terms.sharding.alpha}};
}

std::vector<CascadeFold> hold_out(const std::vector<ShardedRun>& runs, const std::string& name,
                                  const ShardGroupOf& group_of) {
  std::map<double, ShardedRuns> groups;
  for (const ShardedRun& run : runs) groups[group_of(run)].push_back(&run);
  std::vector<CascadeFold> folds;
  if (groups.size() < 2) return folds;
  const auto predict = [&](double value) {
    ShardedRuns others;
    for (const auto& [other, members] : groups)
      if (other != value) others.insert(others.end(), members.begin(), members.end());
    const CascadeModel model = fit_cascade(others);
    const CascadeBaselines baselines(others);
    std::vector<CascadeFold> found;
    for (const ShardedRun* run : groups.at(value)) {
      CascadeFold f{fmt::format("{} {:g}", name, value), run->terms.sharding.alpha,
                    run->terms.sharding.cluster, mean_rows(*run), run->condition};
      f.measured_s = mean_step_s(*run);
      f.predicted_s = mean_step_s(*run, model.predict(*run));
      f.error = f.predicted_s / f.measured_s - 1;
      for (const auto& [key, s] : baselines.step_s(*run)) f.baselines[key] = s / f.measured_s - 1;
      f.extrapolated = value == groups.begin()->first || value == groups.rbegin()->first;
      found.push_back(std::move(f));
    }
    return found;
  };
  std::vector<std::future<std::vector<CascadeFold>>> done;
  done.reserve(groups.size());
  for (const auto& [value, members] : groups) done.push_back(std::async(std::launch::async, predict, value));
  for (auto& part : done)
    for (CascadeFold& f : part.get()) folds.push_back(std::move(f));
  return folds;
}

Json validate(const std::vector<ShardedRun>& runs,
              const std::function<void(std::size_t, std::size_t, const std::string&)>& progress) {
  Json j = {{"folds", Json::object()}, {"cross_validation", Json::array()}};
  const auto keep = [&](const char* key, const std::vector<CascadeFold>& folds, auto wanted) {
    std::vector<CascadeFold> kept;
    std::ranges::copy_if(folds, std::back_inserter(kept), wanted);
    j["folds"][key] = summary_of(kept);
  };
  const auto all = [](const CascadeFold&) { return true; };
  progress(0, 2, "round trips held out");
  const auto by_rtt = hold_out(runs, "RTT", [](auto& r) { return r.inner.rtt_s * 1e3; });
  progress(1, 2, "shards held out");
  const auto by_alpha = hold_out(runs, "alpha", [](auto& r) { return r.terms.sharding.alpha; });
  progress(2, 2, "shards held out");
  keep("rtt", by_rtt, all);
  keep("alpha", by_alpha, [](auto& f) { return !f.extrapolated; });
  keep("alpha_outer", by_alpha, [](auto& f) { return f.extrapolated; });
  for (const auto* folds : {&by_rtt, &by_alpha})
    for (const CascadeFold& f : *folds) j["cross_validation"].push_back(fold_json(f));
  return j;
}

}  // namespace splitwan::model
