#include "scenarios/commands/lab/attack_speed.hh"

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/checkpoint/known_models.hh"
#include "model/ask/projection.hh"
#include "scenarios/run/run_scenario.hh"

namespace splitwan::scenarios {
namespace {

model::Point ask(const SpeedQuestion& question, const model::LatencyModel& fitted, int depth,
                 const std::string& wire, std::set<std::string>& assumptions) {
  model::Variant variant;
  variant.head = variant.tail = depth;
  variant.wire = wire;
  if (!question.geometry.empty()) variant.geometry = engine::sizes_of(engine::model_named(question.geometry));
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

struct SpeedReading : SpeedQuestion {
  std::string file;
};
using SpeedKey = engine::KeyRow<SpeedReading>;

std::vector<SpeedKey> speed_keys() {
  const auto link = [](const char* key, const char* type, const char* help, std::string LinkWords::*member) {
    return SpeedKey{{key, type, "as in most of the runs", help},
                    [member](SpeedReading& t, engine::ObjectReader& r, const std::string& name) {
                      t.link.*member = r.get<std::string>(name, "");
                    }};
  };
  const auto word = [](std::string SpeedQuestion::*member) {
    return [member](SpeedReading& t, engine::ObjectReader& r, const std::string& name) {
      t.*member = r.get(name, t.*member);
    };
  };
  return {
      {{"scenario", "file", "", "runs of the model over several networks, which tell its speed on others"},
       [](SpeedReading& t, engine::ObjectReader& r, const std::string& key) {
         const std::filesystem::path path = t.scenario = r.need<std::string>(key);
         if (path.is_relative()) t.scenario = std::filesystem::path(t.file).parent_path() / path;
       }},
      {{"rtt", "time, as in 80ms", "", "of the link that is asked about"},
       [](SpeedReading& t, engine::ObjectReader& r, const std::string& key) {
         t.link.rtt = r.need<std::string>(key);
       }},
      link("bandwidth", "bits per second, as in 100Mbit", "both ways", &LinkWords::bandwidth),
      link("up", "bits per second", "to the server", &LinkWords::up),
      link("down", "bits per second", "from the server", &LinkWords::down),
      link("loss", "share, 0 to 1, or as in 0.5%", "of packets", &LinkWords::loss),
      link("jitter", "time", "added to each packet's delay", &LinkWords::jitter),
      {{"drafter", "one of the runs' drafters", SpeedQuestion{}.drafter, "what decodes"},
       word(&SpeedQuestion::drafter)},
      {{"geometry", "name, as in llama-70b, or a config.json", "as in the runs",
        "a larger model that the speeds are scaled to"},
       word(&SpeedQuestion::geometry)},
  };
}

}  // namespace

std::vector<engine::SchemaKey> speed_schema() { return keys_of(speed_keys()); }

SpeedQuestion speed_question(const Json& object, const std::string& file) {
  SpeedReading reading{{}, file};
  read_object(speed_keys(), reading, object, file + ": speed");
  return std::move(static_cast<SpeedQuestion&>(reading));
}

Json price(const SpeedQuestion& question, const std::vector<PricedDefence>& defences,
           const std::function<void(std::size_t, std::size_t, const std::string&)>& progress) {
  const auto runs = run_scenarios(load_scenarios(question.scenario, {}), progress);
  const model::LatencyModel fitted = model::fit(runs);
  std::set<std::string> assumptions;
  Json speed = Json::array();
  for (const PricedDefence& defence : defences) {
    std::vector<model::Point> points;
    points.reserve(defence.depths.size());
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
