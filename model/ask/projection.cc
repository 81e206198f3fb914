#include "model/ask/projection.hh"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

// How far a value lies outside a range, in e-foldings; from 0 any value is one.
double beyond(const Range& r, double value) {
  if (r.holds(value)) return 0;
  const double edge = value < r.low ? r.low : r.high;
  if (!(edge > 0) || !(value > 0) || std::isinf(edge) || std::isinf(value)) return 1;
  return std::abs(std::log(value / edge));
}

std::string describe(const Range& r, double value, const std::string& what, double scale,
                     const std::string& unit) {
  const auto text = [&](double v) {
    return std::isinf(v) ? std::string("unlimited") : fmt::format("{:.4g} {}", v * scale, unit);
  };
  const std::string fitted = r.low == r.high ? text(r.low) : text(r.low) + " to " + text(r.high);
  return fmt::format("{} {}: fitted on {}", what, text(value), fitted);
}

// Adds what lies outside to `names`; returns how far, all in all.
double distance(const LatencyModel& m, const Condition& c, std::vector<std::string>& names) {
  const struct {
    const Range& range;
    double value;
    const char *what, *unit;
    double scale;
  } checks[] = {{m.rtt_s, c.rtt_s, "round-trip time", "ms", 1e3},
                {m.up_bps, c.up_bps, "rate up", "Mbit/s", 1e-6},
                {m.down_bps, c.down_bps, "rate down", "Mbit/s", 1e-6},
                {m.loss, c.loss, "loss", "%", 100},
                {m.jitter_s, c.jitter_s, "jitter", "ms", 1e3}};
  double total = m.doubt;
  names.insert(names.end(), m.changed.begin(), m.changed.end());
  for (const auto& check : checks) {
    const double far = beyond(check.range, check.value);
    if (far > 0) names.push_back(describe(check.range, check.value, check.what, check.scale, check.unit));
    total += far;
  }
  for (const std::string& word : c.apart) {
    const bool fitted = std::ranges::any_of(m.conditions, [&](const FittedCondition& f) {
      return std::ranges::find(f.condition.apart, word) != f.condition.apart.end();
    });
    names.push_back(word + (word.starts_with(others_word)
                                ? ": followed as it is stated, others do not keep to that"
                            : fitted ? ": fitted, but the model follows another"
                                     : ": the model does not know it"));
    total += 1;
  }
  return total;
}

// The drafter with other prompts and runs of another length.
DrafterModel as_requested(DrafterModel d, double tokens_per_step, const Request& request) {
  if (request.prompt_tokens > 0 && d.prompt.rows > 0) {
    const double times = request.prompt_tokens / d.prompt.rows;
    d.prompt.bytes_up *= times, d.prompt.bytes_down *= times;
    d.prompt.rows = request.prompt_tokens;
    d.prompts = {d.prompt};
    d.prompts[0].share = 1;
  }
  if (request.tokens > 0) {
    d.runs = 1;
    d.steps = static_cast<std::size_t>(std::max(1.0, std::round((request.tokens - 1) / tokens_per_step)));
  }
  return d;
}

// Flights are no straight line in a prompt's size: the mean of the prompts, not the mean prompt.
void tell_first_token(Point& point, const LatencyModel& model, const DrafterModel& d, std::size_t worlds) {
  point.time_to_first_token_s = point.prompt_tokens = 0;
  for (const StepShape& prompt : d.prompts) {
    point.time_to_first_token_s +=
        prompt.share * model.first_token(prompt, point.condition, worlds).total_s();
    point.prompt_tokens += prompt.share * prompt.rows;
  }
}

void tell_gaps(Point& point, const Answer& answer, const WorkNoise& noise, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> gaps = answer.steps_s;
  NoiseStream departures(noise);
  for (double& gap : gaps) gap = std::max(0.0, gap + departures.next(random));
  std::sort(gaps.begin(), gaps.end());
  const auto at = [&](double share) {
    return gaps[std::min(gaps.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(gaps.size())))];
  };
  point.p50_s = at(0.5), point.p95_s = at(0.95), point.p99_s = at(0.99);
}

}  // namespace

std::vector<std::string> outside(const LatencyModel& model, const Condition& condition) {
  std::vector<std::string> names;
  distance(model, condition, names);
  return names;
}

Point project(const LatencyModel& model, const Condition& condition, const std::string& drafter,
              const std::string& prompt_class, std::uint64_t seed, std::size_t worlds,
              const Request& request) {
  const DrafterModel* d = model.find(drafter);
  if (!d) {
    std::string known;
    for (const DrafterModel& m : model.drafters) known += (known.empty() ? "" : ", ") + m.drafter;
    throw engine::Error("the model knows no drafter '{}': expected one of {}", drafter, known);
  }
  const ClassAcceptance& gain = d->acceptance.of(prompt_class);
  Point point;
  point.condition = condition;
  point.drafter = drafter;
  const DrafterModel asked = as_requested(*d, gain.tokens_per_step, request);
  const Answer answer = model.answer(asked, condition, worlds);
  point.components = answer.step;
  point.step_s = point.components.total_s();
  point.tokens_per_step = gain.tokens_per_step;
  point.tokens_per_s = point.tokens_per_step / point.step_s;
  const StepShape mean = d->mean_shape();
  point.bytes_per_token = (mean.bytes_up + mean.bytes_down) / point.tokens_per_step;
  if (const DrafterModel* plain = model.find("sequential"))
    point.break_even =
        point.step_s / model.answer(*plain, condition, std::min<std::size_t>(worlds, 8)).step.total_s();
  if (!asked.prompts.empty()) tell_first_token(point, model, asked, std::min<std::size_t>(worlds, 8));
  point.tokens = request.tokens > 0 ? request.tokens
                                    : 1 + static_cast<double>(asked.steps_per_run()) * gain.tokens_per_step;
  point.answer_s = point.time_to_first_token_s + (point.tokens - 1) / point.tokens_per_s;
  tell_gaps(point, answer, model.decode.noise, seed);
  const double far = distance(model, condition, point.extrapolated);
  const Interval i = interval(model, asked, answer, gain, asked.steps_per_run(), far, seed);
  point.low = std::min(i.low, point.tokens_per_s);
  point.high = std::max(i.high, point.tokens_per_s);
  return point;
}

Json to_json(const Point& p) {
  const auto known = [](double v) { return std::isnan(v) ? Json() : Json(v); };
  Json j = link_json(p.condition);
  Json shares = Json::object();
  const Json components = to_json(p.components);
  for (const auto& [key, seconds] : components.items())
    shares[key.substr(0, key.size() - 2)] = seconds.get<double>() / p.step_s;  // "rtt_s" -> "rtt"
  j.update({{"drafter", p.drafter},
            {"tokens_per_s", p.tokens_per_s},
            {"tokens_per_s_ci90", {p.low, p.high}},
            {"low", p.low},
            {"high", p.high},
            {"tokens_per_step", p.tokens_per_step},
            {"step_s", p.step_s},
            {"time_to_first_token_s", known(p.time_to_first_token_s)},
            {"prompt_tokens", known(p.prompt_tokens)},
            {"tokens", p.tokens},
            {"answer_s", known(p.answer_s)},
            {"inter_token_s", {{"p50", p.p50_s}, {"p95", p.p95_s}, {"p99", p.p99_s}}},
            {"bytes_per_token", p.bytes_per_token},
            {"break_even_tokens_per_step", known(p.break_even)},
            {"components", components},
            {"shares", std::move(shares)},
            {"extrapolated", !p.extrapolated.empty()},
            {"warnings", p.extrapolated}});
  return j;
}

Condition usual_condition(const LatencyModel& model) {
  struct Link {
    std::size_t runs = 0;
    std::vector<Condition> conditions;
  };
  std::map<std::array<double, 4>, Link> links;  // by rates, loss and jitter
  for (const FittedCondition& c : model.conditions) {
    const Condition& of = c.condition;
    Link& link = links[{of.loss, of.jitter_s, of.up_bps, of.down_bps}];
    link.runs += c.runs;
    link.conditions.push_back(c.condition);
  }
  if (links.empty()) throw engine::Error("the model holds no condition it was fitted on");
  auto& usual = std::max_element(links.begin(), links.end(), [](auto& a, auto& b) {
                  return a.second.runs < b.second.runs;
                })->second.conditions;
  const auto middle = usual.begin() + static_cast<std::ptrdiff_t>(usual.size() / 2);
  std::nth_element(usual.begin(), middle, usual.end(), [](auto& a, auto& b) { return a.rtt_s < b.rtt_s; });
  Condition condition = *middle;
  condition.also = condition.apart = {};
  return condition;
}

}  // namespace splitwan::model
