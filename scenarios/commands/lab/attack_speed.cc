#include "scenarios/commands/lab/attack_speed.hh"

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/base/json_file.hh"
#include "model/ask/projection.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

model::Point ask(const SpeedQuestion& question, const model::LatencyModel& fitted, int depth,
                 const std::string& wire, std::set<std::string>& assumptions) {
  model::Variant variant;
  variant.head = variant.tail = depth;
  variant.wire = wire;
  variant.geometry = question.geometry;
  std::vector<std::string> taken;
  const model::LatencyModel varied = model::vary(fitted, variant, taken);
  assumptions.insert(taken.begin(), taken.end());
  return model::project(varied, conditions_of(question.link, fitted).front(), question.drafter);
}

Json row(const PricedDefence& defence, const std::vector<model::Point>& points) {
  // A user who opens many sessions gets the harmonic mean: tokens over time.
  const auto mean = [&](double model::Point::*rate) {
    double seconds = 0;
    for (const model::Point& p : points) seconds += 1 / (p.*rate);
    return static_cast<double>(points.size()) / seconds;
  };
  return {{"cut", "input"},
          {"defence", defence.name},
          {"tokens_per_s", mean(&model::Point::tokens_per_s)},
          {"tokens_per_s_ci90", {mean(&model::Point::low), mean(&model::Point::high)}},
          {"extrapolated", points.front().extrapolated}};
}

}  // namespace

SpeedQuestion speed_question(const Json& object, const std::string& file) {
  engine::ObjectReader in(object, file + ": speed");
  SpeedQuestion q;
  q.scenario = in.need<std::string>("scenario");
  const std::filesystem::path path = q.scenario;
  if (path.is_relative()) q.scenario = std::filesystem::path(file).parent_path() / path;
  q.link.rtt = in.need<std::string>("rtt");
  q.link.bandwidth = in.get<std::string>("bandwidth", "");
  q.link.up = in.get<std::string>("up", "");
  q.link.down = in.get<std::string>("down", "");
  q.link.loss = in.get<std::string>("loss", "");
  q.link.jitter = in.get<std::string>("jitter", "");
  q.drafter = in.get<std::string>("drafter", q.drafter);
  q.geometry = in.get<std::string>("geometry", "");
  in.done();
  return q;
}

Json price(const SpeedQuestion& question, const std::vector<PricedDefence>& defences,
           const std::function<void(std::size_t, std::size_t, const std::string&)>& progress) {
  const auto runs = run_scenarios(load_scenarios(question.scenario, {}), progress);
  const model::LatencyModel fitted = model::fit(runs);
  std::set<std::string> assumptions;
  Json speed = Json::array();
  for (const PricedDefence& defence : defences) {
    std::vector<model::Point> points;
    for (const int depth : defence.depths)
      points.push_back(ask(question, fitted, depth, defence.wire, assumptions));
    if (defence.drawn_depth) {
      speed.push_back(row(defence, points));
      speed.back()["depth"] = *std::max_element(defence.depths.begin(), defence.depths.end());
      continue;
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
      speed.push_back(row(defence, {points[i]}));
      speed.back()["depth"] = defence.depths[i];
    }
  }
  return {{"link", to_json(conditions_of(question.link, fitted).front())},
          {"drafter", question.drafter},
          {"assumptions", assumptions},
          {"speed", std::move(speed)}};
}

}  // namespace splitwan::scenarios
