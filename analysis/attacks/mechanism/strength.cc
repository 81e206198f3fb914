#include "analysis/attacks/mechanism/strength.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.hh"

namespace splitwan::attacks {
namespace {

class Tries {
 public:
  Tries(const StrengthGoal& goal, const std::function<double(double)>& success)
      : goal_(goal), success_(success) {}
  double at(double strength) {
    const double found = success_(strength);
    if (best_.rounds == 0 || miss(found) < miss(best_.success))
      best_.strength = strength, best_.success = found;
    ++best_.rounds;
    return found;
  }
  bool near() const { return miss(best_.success) <= goal_.tolerance * goal_.success; }
  Calibrated result(std::string why = "") {
    best_.why = near() ? "" : std::move(why);
    return best_;
  }

 private:
  double miss(double found) const { return std::abs(found - goal_.success); }
  const StrengthGoal& goal_;
  const std::function<double(double)>& success_;
  Calibrated best_;
};

}  // namespace

Calibrated bisect(const StrengthGoal& goal, const std::function<double(double)>& success) {
  if (!(goal.success > 0 && goal.success <= 1))
    throw engine::Error("success: expected above 0 to 1, found {}", goal.success);
  Tries tries(goal, success);
  double low = goal.low, high = goal.high;
  if (const double least = tries.at(low); least >= goal.success)
    return tries.result(
        fmt::format("at {:g} {:.4f} is found already, above the goal of {:g}: what is known "
                    "without the rows exceeds it",
                    low, least, goal.success));
  if (const double most = tries.at(high); most <= goal.success)
    return tries.result(
        fmt::format("even at {:g} only {:.4f} is found, below the goal of {:g}", high, most, goal.success));
  while (!tries.near()) {
    const double middle = std::sqrt(low * high);
    if (high / low < 1 + 1e-4)
      return tries.result(fmt::format("success steps over {:g} near {:g}", goal.success, middle));
    if (tries.result().rounds >= goal.rounds)
      return tries.result(fmt::format("not near {:g} after {} rounds", goal.success, goal.rounds));
    (tries.at(middle) < goal.success ? low : high) = middle;
  }
  return tries.result();
}

Calibration calibrate(MechanismView view, std::span<const Text> documents, const AttackChoice& choice,
                      const StrengthGoal& goal, const Stop& stop) {
  const Mechanism asked = view.mechanism;
  AttackChoice some = choice;
  if (!goal.by.empty()) some.attackers = {goal.by};
  std::vector<std::pair<double, std::vector<AttackResult>>> tried;
  Calibration out;
  out.at = bisect(goal, [&](double strength) {
    view.mechanism = with_strength(asked, strength);
    tried.emplace_back(strength, attack_rows(view, documents, some, stop));
    return strongest(tried.back().second).figures.top1;
  });
  view.mechanism = with_strength(asked, out.at.strength);
  for (auto& [strength, results] : tried)
    if (goal.by.empty() && strength == out.at.strength) out.attacks = std::move(results);
  if (out.attacks.empty()) out.attacks = attack_rows(view, documents, choice, stop);
  return out;
}

}  // namespace splitwan::attacks
