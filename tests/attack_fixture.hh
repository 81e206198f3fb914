// A file as `splitwan attack -o` writes it, of an invented world: recovery falls with depth as each
// attacker's slope says. No measurement.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/trace.hh"

namespace splitwan::test {

using engine::Json;

struct PlantedAttacker {
  const char* name;
  double at_0, per_layer;  // share recovered at depth 0; factor per layer
  bool needs_weights = false;
};

inline const std::vector<PlantedAttacker>& planted_attackers() {
  static const std::vector<PlantedAttacker> all{{"uniform", 0.0005, 1},
                                                {"unigram", 0.061, 1},
                                                {"language_model", 0.31, 1},
                                                {"shuffled_labels", 0.060, 1},
                                                {"nearest_neighbour", 0.998, 0.55},
                                                {"mlp_published", 0.74, 0.82},
                                                {"mlp", 0.995, 0.94},
                                                {"sequence", 0.997, 0.97},
                                                {"vocabulary_matching", 0.999, 0.9995, true},
                                                {"sipit", 0.9995, 0.9998, true}};
  return all;
}

struct PlantedDefence {
  const char* name;
  double factor;  // of what the learned attackers recover; exact attackers lose its square
  double perplexity, tokens_per_s;
};

inline const std::vector<PlantedDefence>& planted_defences() {
  static const std::vector<PlantedDefence> all{{"none", 1, 11.2, 12.4},
                                               {"f16", 1, 11.201, 12.5},
                                               {"int8", 0.99, 11.21, 12.6},
                                               {"int4", 0.83, 11.9, 12.7},
                                               {"noise 0.1", 0.9, 11.4, 12.4},
                                               {"noise 1", 0.35, 31.7, 12.4},
                                               {"random depth", 0.95, 11.2, 11.8},
                                               {"lora outer layers", 0.72, 11.3, 12.4}};
  return all;
}

struct AttackWorld {
  std::vector<int> depths{0, 1, 2, 3, 4, 5};
  std::vector<std::uint64_t> seeds{1, 2, 3};
  bool speed = true;
};

inline Json attack_row(const char* cut, const char* target, int depth, const PlantedAttacker& a,
                       const PlantedDefence& d, std::uint64_t seed, bool known, std::mt19937_64& random) {
  const bool control = a.per_layer == 1;
  double share = a.at_0 * std::pow(a.per_layer, depth);
  if (!control) share *= a.needs_weights ? d.factor * d.factor : d.factor;
  if (!control && target == std::string("next")) share *= 0.8;
  share *= 1 + std::uniform_real_distribution<double>(-0.015, 0.015)(random) * (1 - share);
  share = std::clamp(share, 0.0, 1.0);
  const double half = 0.03 * std::sqrt(share * (1 - share)) + 0.0005, documents = 24;
  const double exact = std::round(std::pow(share, 12) * documents) / documents;
  const double top5 = std::min(1.0, share * 1.3 + 0.01);
  return {{"cut", cut},
          {"target", target},
          {"depth", depth},
          {"attacker", a.name},
          {"defence", d.name},
          {"seed", seed},
          {"weights_known", known},
          {"pairs", control || a.needs_weights ? 0 : 300000},
          {"tokens", 2131},
          {"documents", 24},
          {"top1", share},
          {"top1_ci90", {std::max(0.0, share - half), std::min(1.0, share + half)}},
          {"top5", a.needs_weights ? Json() : Json(top5)},
          {"exact", exact},
          {"rouge_l", share},
          {"bleu", share * share},
          {"top1_digits", share * 0.97},
          {"top1_names", share * 0.93},
          {"top1_rare", share * 0.8},
          {"forward_passes", a.needs_weights ? 214000 : 0},
          {"seconds", a.needs_weights ? 41.5 : 3.25}};
}

inline Json synthesise_attacks(const AttackWorld& world) {
  std::mt19937_64 random(7);
  Json file = {
      {"schema_version", 1},
      {"model", {{"path", "scenarios/demo-model"}, {"layers", 12}, {"width", 128}, {"vocabulary", 2048}}},
      {"scenario", {{"kind", "attack"}}},
      {"compute", "reference"},
      {"documents", {{"training", 96}, {"training_tokens", 8530}, {"test", 24}, {"test_tokens", 2131}}},
      {"rows", Json::array()},
      {"spread", Json::array()},
      {"perplexity", Json::array()},
      {"speed", Json::array()},
      {"link", {{"rtt_s", 0.08}, {"up_bps", 1e8}, {"down_bps", 1e8}}},
      {"traffic", Json::array()}};
  const std::pair<const char*, const char*> places[] = {
      {"input", "current"}, {"output", "current"}, {"output", "next"}};
  // As the suite does: undefended at every depth, defended at 2; changed layers once known and once not.
  const auto add = [&](auto place, const PlantedAttacker& a, const PlantedDefence& d, int depth, bool known) {
    for (const auto seed : world.seeds)
      file["rows"].push_back(attack_row(place.first, place.second, depth, a, d, seed, known, random));
  };
  for (const auto& place : places) {
    for (const auto& d : planted_defences()) {
      const std::string name = d.name;
      for (const auto& a : planted_attackers()) {
        if (a.per_layer == 1 && name != "none") continue;
        const auto at = name == "none"           ? world.depths
                        : name == "random depth" ? std::vector<int>{world.depths.back()}
                                                 : std::vector<int>{2};
        for (const int depth : at) add(place, a, d, depth, true);
        if (name == "lora outer layers") add(place, a, {d.name, d.factor * d.factor, 0, 0}, 2, false);
      }
    }
  }
  for (const auto& d : planted_defences()) {
    if (d.name != std::string("none"))
      file["perplexity"].push_back(
          {{"defence", d.name}, {"depth", Json()}, {"perplexity", d.perplexity}, {"undefended", 11.2}});
    for (const int depth : world.depths) {
      const double rate = d.tokens_per_s * (1 - 0.01 * depth);
      if (world.speed)
        file["speed"].push_back({{"cut", "input"},
                                 {"depth", depth},
                                 {"defence", d.name},
                                 {"tokens_per_s", rate},
                                 {"tokens_per_s_ci90", {rate * 0.97, rate * 1.03}}});
    }
  }
  return file;
}

}  // namespace splitwan::test
