#include "analysis/traffic/nearest.hh"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace splitwan::analysis {
namespace {

// 1 over the standard deviation of each feature; 0 where all are the same.
std::vector<double> weights_of(const std::vector<Example>& examples) {
  std::vector<double> weights(examples.empty() ? 0 : examples[0].features.size());
  for (std::size_t f = 0; f < weights.size(); ++f) {
    double sum = 0, squares = 0;
    const auto n = static_cast<double>(examples.size());
    for (const Example& e : examples) sum += e.features[f];
    for (const Example& e : examples) squares += std::pow(e.features[f] - sum / n, 2);
    weights[f] = squares > 0 ? 1 / std::sqrt(squares / n) : 0;
  }
  return weights;
}

double distance(const Example& a, const Example& b, const std::vector<double>& weights) {
  double sum = 0;
  for (std::size_t f = 0; f < weights.size(); ++f)
    sum += std::pow((a.features[f] - b.features[f]) * weights[f], 2);
  return sum;
}

}  // namespace

std::vector<std::string> nearest_labels(const std::vector<Example>& examples) {
  const auto weights = weights_of(examples);
  std::vector<std::string> labels;
  for (const Example& e : examples) {
    double best = std::numeric_limits<double>::infinity();
    labels.emplace_back();
    for (const Example& other : examples) {
      if (other.group == e.group) continue;
      const double d = distance(e, other, weights);
      if (d < best) best = d, labels.back() = other.label;
    }
  }
  return labels;
}

std::vector<std::string> commonest_labels(const std::vector<Example>& examples) {
  std::map<std::string, std::size_t> all;
  std::map<std::string, std::map<std::string, std::size_t>> of_group;
  for (const Example& e : examples) ++all[e.label], ++of_group[e.group][e.label];
  std::vector<std::string> labels;
  for (const Example& e : examples) {
    std::size_t most = 0;
    labels.emplace_back();
    for (const auto& [label, count] : all) {
      const auto& own = of_group[e.group];
      const auto it = own.find(label);
      const std::size_t others = count - (it == own.end() ? 0 : it->second);
      if (others > most) most = others, labels.back() = label;
    }
  }
  return labels;
}

double share_right(const std::vector<Example>& examples, const std::vector<std::string>& said) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < examples.size(); ++i) right += examples[i].label == said[i];
  return static_cast<double>(right) / static_cast<double>(examples.size());
}

}  // namespace splitwan::analysis
