#include "model/judge/baseline.hh"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/fit/robust_fit.hh"
#include "model/path/link.hh"

namespace splitwan::model {
namespace {

double bytes_s(const Condition& c, double up, double down) {
  return wire_s(up, c.up_bps) + wire_s(down, c.down_bps);
}

double apart(double x, double y) {
  constexpr double least = 1e-6, most = 1e12;
  const double d = std::log(std::clamp(x, least, most) / std::clamp(y, least, most));
  return d * d;
}

double distance(const Expected& x, const Expected& y) {
  return apart(x.condition.rtt_s, y.condition.rtt_s) + apart(x.condition.up_bps, y.condition.up_bps) +
         apart(x.condition.down_bps, y.condition.down_bps) + apart(x.rows, y.rows);
}

}  // namespace

Expected expected_of(std::span<const Observation* const> steps) {
  Expected e{steps[0]->condition, steps[0]->drafter, 0};
  const double share = 1 / static_cast<double>(steps.size());
  for (const Observation* o : steps) {
    e.rows += share * o->rows;
    e.bytes_up += share * o->bytes_up;
    e.bytes_down += share * o->bytes_down;
  }
  return e;
}

Baselines::Baselines(const std::vector<Observation>& observations) {
  std::map<std::pair<Condition, std::string>, std::vector<const Observation*>> cells;
  std::vector<double> ones, rtts_s, rows, steps_s;
  for (const Observation& o : observations) {
    if (o.prefill || !o.crossed()) continue;
    const double rest_s = o.total_s - o.condition.rtt_s;
    by_drafter_[o.drafter].add(rest_s);
    less_rtt_.add(rest_s);
    less_bytes_.add(rest_s - bytes_s(o.condition, o.bytes_up, o.bytes_down));
    ones.push_back(1), rtts_s.push_back(o.condition.rtt_s), rows.push_back(o.rows);
    steps_s.push_back(o.total_s);
    cells[{o.condition, o.drafter}].push_back(&o);
  }
  const auto fitted = robust_fit({ones, rtts_s, rows}, steps_s, std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < std::size(linear_); ++i) linear_[i] = fitted[i].value;
  for (const auto& [key, steps] : cells) {
    Cell& cell = cells_.emplace_back(Cell{expected_of(steps), {}});
    for (const Observation* o : steps) cell.step.add(o->total_s);
  }
}

std::map<std::string, double> Baselines::step_s(const Expected& e) const {
  const auto known = by_drafter_.find(e.drafter);
  const double rtt_s = e.condition.rtt_s;
  std::map<std::string, double> all = {
      {"published", rtt_s + (known == by_drafter_.end() ? less_rtt_ : known->second).value()},
      {"rtt", rtt_s + less_rtt_.value()},
      {"rtt_bytes", rtt_s + bytes_s(e.condition, e.bytes_up, e.bytes_down) + less_bytes_.value()},
      {"linear", linear_[0] + linear_[1] * rtt_s + linear_[2] * e.rows}};
  const auto nearest = std::min_element(
      cells_.begin(), cells_.end(), [&](auto& x, auto& y) { return distance(x.at, e) < distance(y.at, e); });
  if (nearest != cells_.end()) all["nearest"] = nearest->step.value();
  return all;
}

}  // namespace splitwan::model
