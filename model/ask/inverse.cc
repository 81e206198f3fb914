#include "model/ask/inverse.hh"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

constexpr double longest_rtt_s = 10, least_bps = 1e3, most_bps = 1e12;

// The largest x in [low, high] up to which all are good enough, where smaller is mostly better (windows open
// and close by steps); NaN when not even `low` is.
double largest(double low, double high, const std::function<bool(double)>& enough) {
  constexpr int looks = 256;
  if (!enough(low)) return NAN;
  const double from = low, step = (high - low) / looks;
  int i = 1;
  while (i <= looks && enough(from + i * step)) ++i;
  if (i > looks) return high;
  low = from + (i - 1) * step;
  high = from + i * step;
  for (int halving = 0; halving < 100 && high - low > 1e-9 * high; ++halving) {
    const double middle = (low + high) / 2;
    (enough(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace

Need what_it_takes(const LatencyModel& model, const Condition& condition, const std::string& drafter,
                   double target, const std::string& prompt_class) {
  const DrafterModel* d = model.find(drafter);
  if (!d) throw engine::Error("the model knows no drafter '{}'", drafter);
  const double tokens = d->acceptance.of(prompt_class).tokens_per_step;
  const auto rate_at = [&](const Condition& c) { return tokens / model.decode_step(*d, c).total_s(); };
  const auto fitted_on = [&](const Condition& c, const char* what, std::vector<std::string>& names) {
    for (const std::string& text : outside(model, c)) names.push_back(std::string(what) + text);
  };
  Need need{.drafter = drafter, .tokens_per_s = rate_at(condition)};
  Condition farther = condition;
  need.longest_rtt_s = largest(0, longest_rtt_s, [&](double rtt_s) {
    farther.rtt_s = rtt_s;
    return rate_at(farther) >= target;
  });
  farther.rtt_s = need.longest_rtt_s;
  if (!std::isnan(need.longest_rtt_s)) fitted_on(farther, "RTT: ", need.extrapolated);
  // In e-foldings below the fastest link, so that larger is slower here too.
  Condition slower = condition;
  const double slowness = largest(0, std::log(most_bps / least_bps), [&](double efolds) {
    slower.up_bps = slower.down_bps = most_bps * std::exp(-efolds);
    return rate_at(slower) >= target;
  });
  if (!std::isnan(slowness)) {
    need.least_bps = slower.up_bps = slower.down_bps = most_bps * std::exp(-slowness);
    fitted_on(slower, "rate: ", need.extrapolated);
  }
  const double gained = target * model.decode_step(*d, condition).total_s();
  if (gained <= d->most_rows()) need.least_tokens_per_step = std::max(1.0, gained);
  return need;
}

Json to_json(const Need& n) {
  const auto known = [](double v) { return std::isnan(v) ? Json() : Json(v); };
  return {{"drafter", n.drafter},
          {"tokens_per_s", n.tokens_per_s},
          {"longest_rtt_s", known(n.longest_rtt_s)},
          {"least_bps", known(n.least_bps)},
          {"least_tokens_per_step", known(n.least_tokens_per_step)},
          {"extrapolated", !n.extrapolated.empty()},
          {"warnings", n.extrapolated}};
}

}  // namespace splitwan::model
