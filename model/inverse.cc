#include "model/inverse.hh"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/error.hh"

namespace splitwan::model {
namespace {

constexpr double longest_rtt_s = 10, least_bps = 1e3, most_bps = 1e12;

double rate_at(const LatencyModel& m, const DrafterModel& d, const Condition& c) {
  return d.tokens_per_step() / m.decode_step(d, c).total_s();
}

// The largest x in [low, high] that is good enough, where smaller is better; NaN when not even `low` is.
double largest(double low, double high, const std::function<bool(double)>& enough) {
  if (!enough(low)) return NAN;
  if (enough(high)) return high;
  for (int i = 0; i < 100 && high - low > 1e-9 * high; ++i) {
    const double middle = (low + high) / 2;
    (enough(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace

Need what_it_takes(const LatencyModel& model, const Condition& condition, const std::string& drafter,
                   double target) {
  const DrafterModel* d = model.find(drafter);
  if (!d) throw engine::Error("the model knows no drafter '{}'", drafter);
  Need need{.drafter = drafter, .tokens_per_s = rate_at(model, *d, condition)};
  need.longest_rtt_s = largest(0, longest_rtt_s, [&](double rtt_s) {
    Condition c = condition;
    c.rtt_s = rtt_s;
    return rate_at(model, *d, c) >= target;
  });
  // In e-foldings below the fastest link, so that larger is slower here too.
  const double slowness = largest(0, std::log(most_bps / least_bps), [&](double efolds) {
    Condition c = condition;
    c.up_bps = c.down_bps = most_bps * std::exp(-efolds);
    return rate_at(model, *d, c) >= target;
  });
  if (!std::isnan(slowness)) need.least_bps = most_bps * std::exp(-slowness);
  const double gained = target * model.decode_step(*d, condition).total_s();
  const bool guesses = d->mean_shape().rows > 1;
  // No step gains more tokens than it has rows.
  if (gained <= 1 || (guesses && gained <= d->mean_shape().rows))
    need.least_tokens_per_step = std::max(1.0, gained);
  return need;
}

Json to_json(const Need& n) {
  const auto known = [](double v) { return std::isnan(v) ? Json() : Json(v); };
  return {{"drafter", n.drafter},
          {"tokens_per_s", n.tokens_per_s},
          {"longest_rtt_s", known(n.longest_rtt_s)},
          {"least_bps", known(n.least_bps)},
          {"least_tokens_per_step", known(n.least_tokens_per_step)}};
}

std::vector<Choice> advise(const LatencyModel& model, const Condition& condition,
                           std::vector<std::string>& assumptions) {
  std::vector<Variant> variants{Variant{}};
  std::vector<std::string> unused;
  const auto multiply = [&](const std::vector<std::function<void(Variant&)>>& changes) {
    std::vector<Variant> more;
    for (const Variant& base : variants) {
      for (const auto& change : changes) {
        Variant v = base;
        change(v);
        try {
          vary(model, v, unused);
          more.push_back(v);
        } catch (
            const engine::Error&) {  // not this one: a model of few layers, or one whose traces do not say
        }
      }
    }
    if (!more.empty()) variants = std::move(more);
  };
  const auto layers = [](int each) { return [each](Variant& v) { v.head = v.tail = each; }; };
  const auto wire = [](const char* name) { return [name](Variant& v) { v.wire = name; }; };
  const auto width = [](double rows) { return [rows](Variant& v) { v.width = rows; }; };
  multiply({layers(1), layers(2), layers(4), layers(8)});
  multiply({wire("f32"), wire("f16"), wire("int8")});
  multiply({[](Variant&) {}, width(4), width(8), width(16)});
  std::vector<Choice> choices;
  for (const Variant& v : variants) {
    std::vector<std::string> taken;
    const LatencyModel varied = vary(model, v, taken);
    for (std::string& text : taken) {
      if (std::find(assumptions.begin(), assumptions.end(), text) == assumptions.end())
        assumptions.push_back(std::move(text));
    }
    for (const DrafterModel& d : varied.drafters) {
      const DrafterModel& fitted = *model.find(d.drafter);
      double most = 0;
      for (const StepShape& s : fitted.shapes) most = std::max(most, s.rows);
      if (v.width && *v.width >= most) continue;  // caps nothing
      choices.push_back({v, project(varied, condition, d.drafter)});
    }
  }
  std::stable_sort(choices.begin(), choices.end(),
                   [](auto& a, auto& b) { return a.point.tokens_per_s > b.point.tokens_per_s; });
  return choices;
}

Json to_json(const Choice& c) {
  const auto or_null = [](const auto& v) { return v ? Json(*v) : Json(); };
  const Json point = to_json(c.point);
  return {{"drafter", c.point.drafter},
          {"head", or_null(c.variant.head)},
          {"tail", or_null(c.variant.tail)},
          {"wire", c.variant.wire.empty() ? Json() : Json(c.variant.wire)},
          {"width", or_null(c.variant.width)},
          {"tokens_per_s", point["tokens_per_s"]},
          {"tokens_per_s_ci90", point["tokens_per_s_ci90"]},
          {"step_s", point["step_s"]},
          {"tokens_per_step", point["tokens_per_step"]},
          {"bytes_per_token", point["bytes_per_token"]},
          {"shares", point["shares"]},
          {"extrapolated", point["extrapolated"]}};
}

}  // namespace splitwan::model
