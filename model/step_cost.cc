// The closed form itself, and what a drafter's steps amount to.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "model/latency_model.hh"
#include "model/link.hh"

namespace splitwan::model {

void Components::add(const Components& c, double share) {
  rtt_s += share * c.rtt_s;
  wire_s += share * c.wire_s;
  client_s += share * c.client_s;
  server_s += share * c.server_s;
  overhead_s += share * c.overhead_s;
}

double WorkCost::at(const StepShape& s) const {
  return fixed_s.value + per_row_s.value * s.rows + per_row_context_s.value * s.rows * s.context;
}

Components PhaseModel::step(const StepShape& s, const Condition& c) const {
  return {round_trips(s.bytes_up, s.bytes_down, window_bytes) * c.rtt_s,
          wire_s(s.bytes_up, c.up_bps) + wire_s(s.bytes_down, c.down_bps), client.at(s), server.at(s),
          overhead_s.value};
}

bool Range::holds(double value) const {
  constexpr double slack = 1e-9;  // for values that went through text
  return value >= low * (1 - slack) && value <= high * (1 + slack);
}

const DrafterModel* LatencyModel::find(const std::string& drafter) const {
  const auto it =
      std::find_if(drafters.begin(), drafters.end(), [&](auto& d) { return d.drafter == drafter; });
  return it == drafters.end() ? nullptr : &*it;
}

Components LatencyModel::decode_step(const DrafterModel& drafter, const Condition& condition) const {
  Components mean;
  for (const StepShape& shape : drafter.shapes) mean.add(decode.step(shape, condition), shape.share);
  mean.client_s += drafter.draft_s;
  return mean;
}

double DrafterModel::tokens_per_step() const {
  double tokens = 0, count = 0;
  for (std::size_t k = 0; k < accepted.size(); ++k) {
    tokens += static_cast<double>(k * accepted[k]);
    count += static_cast<double>(accepted[k]);
  }
  return tokens / count;
}

StepShape DrafterModel::mean_shape() const {
  StepShape mean;
  for (const StepShape& s : shapes) {
    mean.rows += s.share * s.rows;
    mean.context += s.share * s.context;
    mean.bytes_up += s.share * s.bytes_up;
    mean.bytes_down += s.share * s.bytes_down;
  }
  return mean;
}

StepShape shape_of(const Observation& o) { return {o.rows, o.context, o.bytes_up, o.bytes_down}; }

DrafterModel describe_drafter(const std::vector<Observation>& steps) {
  DrafterModel d;
  d.drafter = steps.at(0).drafter;
  d.steps = steps.size();
  const auto count = static_cast<double>(steps.size());
  std::set<std::size_t> runs;
  std::map<double, StepShape> by_rows;  // sums, with the number of steps in `share`
  std::map<std::string, DrafterModel::ClassGain> classes;
  std::vector<double> draft_s;
  for (const Observation& o : steps) {
    runs.insert(o.run);
    draft_s.push_back(o.draft_s);
    if (o.accepted >= d.accepted.size()) d.accepted.resize(o.accepted + 1);
    ++d.accepted[o.accepted];
    auto& gain = classes.try_emplace(o.prompt_class, DrafterModel::ClassGain{o.prompt_class}).first->second;
    ++gain.steps;
    gain.tokens_per_step += o.accepted;
    StepShape& sum = by_rows.try_emplace(o.rows, StepShape{.share = 0}).first->second;
    sum.context += o.context;
    sum.bytes_up += o.bytes_up;
    sum.bytes_down += o.bytes_down;
    ++sum.share;
  }
  d.runs = runs.size();
  d.draft_s = robust_fit({std::vector<double>(steps.size(), 1.0)}, draft_s)[0].value;
  for (const auto& [rows, sum] : by_rows) {
    d.shapes.push_back({rows, sum.context / sum.share, sum.bytes_up / sum.share, sum.bytes_down / sum.share,
                        sum.share / count});
  }
  for (auto& [name, gain] : classes) {
    gain.tokens_per_step /= static_cast<double>(gain.steps);
    d.classes.push_back(gain);
  }
  return d;
}

}  // namespace splitwan::model
