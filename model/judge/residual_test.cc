#include "model/judge/residual_test.hh"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "model/path/link.hh"

namespace splitwan::model {
namespace {

constexpr double level = 0.01, least_effect = 0.01;
constexpr std::size_t least_steps = 3;  // a line takes two

struct Step {
  double residual_s, index;
  const Observation* o;
};

struct Term {
  const char* name;
  double (*value)(const Step&);
};

constexpr Term terms[] = {
    {"round-trip time", [](const Step& s) { return s.o->condition.rtt_s; }},
    {"bytes over rate",
     [](const Step& s) {
       return wire_s(s.o->bytes_up, s.o->condition.up_bps) + wire_s(s.o->bytes_down, s.o->condition.down_bps);
     }},
    {"bytes", [](const Step& s) { return s.o->bytes_up + s.o->bytes_down; }},
    {"rows", [](const Step& s) { return s.o->rows; }},
    {"rows squared", [](const Step& s) { return s.o->rows * s.o->rows; }},
    {"rows x round-trip time", [](const Step& s) { return s.o->rows * s.o->condition.rtt_s; }},
    {"context", [](const Step& s) { return s.o->context; }},
    {"steps since the start", [](const Step& s) { return s.index; }},
    {"loss", [](const Step& s) { return s.o->condition.loss; }},
    {"jitter", [](const Step& s) { return s.o->condition.jitter_s; }},
};

// Ordinary least squares of the residual on one term and a constant.
Suspect regress(const Term& term, const std::vector<Step>& steps, double mean_step_s) {
  Suspect s{.term = term.name};
  const auto n = static_cast<double>(steps.size());
  double mx = 0, my = 0, xx = 0, xy = 0, yy = 0;
  for (const Step& step : steps) {
    mx += term.value(step) / n;
    my += step.residual_s / n;
  }
  for (const Step& step : steps) {
    const double x = term.value(step) - mx, y = step.residual_s - my;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  // A term that does not vary, but for rounding, cannot be judged.
  if (steps.size() < least_steps || !std::isfinite(xx) || xx <= n * 1e-18 * mx * mx) return s;
  s.slope = xy / xx;
  s.effect = std::abs(s.slope) * std::sqrt(xx / n) / mean_step_s;
  const double left = std::max(0.0, yy - xy * xy / xx);
  const boost::math::students_t t(n - 2);
  s.visible = quantile(complement(t, level / static_cast<double>(std::size(terms)) / 2)) *
              std::sqrt(left / (n - 2) / n) / mean_step_s;
  if (left <= 1e-18 * yy) {
    s.p_value = yy > 0 ? 0 : 1;
    return s;
  }
  s.p_value = 2 * cdf(complement(t, std::abs(s.slope) / std::sqrt(left / (n - 2) / xx)));
  return s;
}

}  // namespace

std::vector<std::string> ResidualTest::suspects() const {
  std::vector<std::string> names;
  for (const Suspect& s : terms) {
    if (s.effect >= least_effect && s.p_value < level / static_cast<double>(std::size(model::terms)))
      names.push_back(s.term);
  }
  return names;
}

bool ResidualTest::testable() const {
  return std::ranges::any_of(terms, [](const Suspect& s) { return !std::isnan(s.visible); });
}

ResidualTest test_residuals(const LatencyModel& model, const std::vector<Observation>& observations) {
  std::vector<Observation> crossing;
  for (const Observation& o : observations) {
    if (o.crossed()) crossing.push_back(o);
  }
  std::vector<Step> steps;
  std::vector<double> residuals;
  double total_s = 0;
  for (const auto run : by_run(crossing)) {
    const auto predicted = model.run(run);
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (run[i].prefill) continue;
      steps.push_back({run[i].total_s - predicted[i].total_s(), static_cast<double>(i), &run[i]});
      residuals.push_back(steps.back().residual_s);
      total_s += run[i].total_s;
    }
  }
  ResidualTest test;
  test.steps = steps.size();
  const double mean_step_s = total_s / static_cast<double>(std::max<std::size_t>(1, steps.size()));
  for (const Term& term : terms) test.terms.push_back(regress(term, steps, mean_step_s));
  std::stable_sort(test.terms.begin(), test.terms.end(),
                   [](auto& a, auto& b) { return a.effect > b.effect; });
  test.passed = test.suspects().empty();
  return test;
}

Json to_json(const ResidualTest& test) {
  const bool testable = test.testable();
  Json j = {{"passed", testable ? Json(test.passed) : Json()},
            {"why_not_testable", Json()},
            {"suspects", test.suspects()},
            {"terms", Json::array()}};
  if (!testable)
    j["why_not_testable"] =
        test.steps < least_steps
            ? fmt::format("{} decode steps crossed a network, {} are needed", test.steps, least_steps)
            : std::string("nothing that it tries varied in these runs");
  for (const Suspect& s : test.terms)
    j["terms"].push_back({{"term", s.term},
                          {"slope_s", s.slope},
                          {"share_of_step", s.effect},
                          {"visible_share", std::isnan(s.visible) ? Json() : Json(s.visible)},
                          {"p_value", s.p_value}});
  return j;
}

}  // namespace splitwan::model
