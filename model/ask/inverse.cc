#include "model/ask/inverse.hh"

#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/base/error.hh"
#include "engine/wire/codecs.hh"

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

constexpr std::size_t advice_worlds = 4;  // many choices, each followed packet by packet

}  // namespace

Need what_it_takes(const LatencyModel& model, const Condition& condition, const std::string& drafter,
                   double target, const std::string& prompt_class) {
  const DrafterModel* d = model.find(drafter);
  if (!d) throw engine::Error("the model knows no drafter '{}'", drafter);
  const double tokens = d->acceptance.of(prompt_class).tokens_per_step;
  const auto rate_at = [&](const Condition& c) { return tokens / model.decode_step(*d, c).total_s(); };
  const auto fitted_on = [&](Condition c, const char* what, std::vector<std::string>& names) {
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

std::vector<Choice> advise(const LatencyModel& model, const Variant& given, const Condition& condition,
                           std::vector<std::string>& assumptions) {
  const auto say = [&](std::string text) {
    if (std::find(assumptions.begin(), assumptions.end(), text) == assumptions.end())
      assumptions.push_back(std::move(text));
  };
  std::vector<Variant> variants{given};
  std::vector<std::string> unused;
  const auto multiply = [&](const char* what, const std::vector<std::function<void(Variant&)>>& changes) {
    std::vector<Variant> more = variants;
    std::string why;
    for (const Variant& base : variants) {
      for (const auto& change : changes) {
        Variant v = base;
        change(v);
        try {
          vary(model, v, unused);
          more.push_back(v);
        } catch (const engine::Error& e) {  // a model of few layers, or one whose traces do not say
          why = e.what();
        }
      }
    }
    if (more.size() == variants.size()) say(fmt::format("{} is not varied: {}", what, why));
    variants = std::move(more);
  };
  const auto layers = [](int each) { return [each](Variant& v) { v.head = v.tail = each; }; };
  const auto wire = [](std::string_view name) { return [name](Variant& v) { v.wire = name; }; };
  const auto width = [](double rows) { return [rows](Variant& v) { v.width = rows; }; };
  const Json plan = model.source.value("plan", Json::object());
  const auto fitted_split = [&](int each) {
    return plan.is_object() && plan.value("head", Json()) == each && plan.value("tail", Json()) == each;
  };
  std::vector<std::function<void(Variant&)>> splits, wires;
  for (const int each : {1, 2, 4, 8}) {
    if (!fitted_split(each)) splits.push_back(layers(each));
  }
  for (const engine::Codec* codec : engine::codecs()) {
    if (codec->label().recommended && model.source.value("wire", Json()) != codec->name())
      wires.push_back(wire(codec->name()));
  }
  if (!given.head) multiply("the split", splits);
  if (given.wire.empty()) multiply("the wire's precision", wires);
  if (!given.width) multiply("the width", {width(4), width(8), width(16)});
  std::vector<Choice> choices;
  for (const Variant& v : variants) {
    std::vector<std::string> taken;
    const LatencyModel varied = vary(model, v, taken);
    for (std::string& text : taken) say(std::move(text));
    for (const DrafterModel& d : varied.drafters) {
      if (v.width && !given.width && *v.width >= model.find(d.drafter)->most_rows())
        continue;  // caps nothing
      choices.push_back(
          {v, project(varied, condition, d.drafter, "", 1, advice_worlds), v.width.has_value()});
    }
  }
  std::stable_sort(choices.begin(), choices.end(), [](auto& a, auto& b) {
    return a.bound != b.bound ? b.bound : a.point.tokens_per_s > b.point.tokens_per_s;
  });
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
          {"bound", c.bound},
          {"tokens_per_s", point["tokens_per_s"]},
          {"tokens_per_s_ci90", point["tokens_per_s_ci90"]},
          {"step_s", point["step_s"]},
          {"tokens_per_step", point["tokens_per_step"]},
          {"bytes_per_token", point["bytes_per_token"]},
          {"shares", point["shares"]},
          {"extrapolated", point["extrapolated"]}};
}

}  // namespace splitwan::model
