#include "model/fit/acceptance.hh"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.hh"

namespace splitwan::model {
namespace {

// Of a prompt's mean from the next one's, where a single one was seen.
constexpr double unknown_spread = 0.25;
constexpr double least_expected =
    5;  // of a cell, for chi-square to hold (Cochran 1954): rarer counts are merged

using Prompts = std::map<std::string, TokenSums>;

}  // namespace

ClassAcceptance summarise_prompts(const std::string& name, const Prompts& prompts) {
  ClassAcceptance c{.prompt_class = name, .prompts = prompts.size()};
  double tokens = 0, steps = 0;
  std::vector<double> logs;
  for (const auto& [prompt, sums] : prompts) {
    tokens += sums.tokens;
    steps += sums.steps;
    logs.push_back(std::log(sums.tokens / sums.steps));
  }
  c.steps = static_cast<std::size_t>(steps);
  c.tokens_per_step = tokens / steps;
  for (const double log : logs) c.log_mean += log / static_cast<double>(logs.size());
  for (const double log : logs) c.log_spread += std::pow(log - c.log_mean, 2);
  if (logs.size() > 1)
    c.log_spread = std::sqrt(c.log_spread / static_cast<double>(logs.size() - 1));
  else
    c.log_spread = c.log_mean > 0 ? unknown_spread : 0;
  return c;
}

const ClassAcceptance& Acceptance::of(const std::string& prompt_class) const {
  if (prompt_class.empty()) return all;
  const auto it =
      std::find_if(classes.begin(), classes.end(), [&](auto& c) { return c.prompt_class == prompt_class; });
  if (it != classes.end()) return *it;
  std::string known;
  for (const ClassAcceptance& c : classes) known += (known.empty() ? "" : ", ") + c.prompt_class;
  throw engine::Error("the model knows no prompt class '{}': expected one of {}", prompt_class, known);
}

Acceptance describe_acceptance(std::span<const Observation> steps) {
  Acceptance a;
  Prompts prompts;
  std::map<std::string, Prompts> classes;
  for (const Observation& o : steps) {
    if (o.accepted >= a.steps_by_tokens.size()) a.steps_by_tokens.resize(o.accepted + 1);
    ++a.steps_by_tokens[o.accepted];
    for (TokenSums* sums : {&prompts[o.prompt_class + '\n' + o.prompt], &classes[o.prompt_class][o.prompt]}) {
      sums->add(o);
    }
  }
  a.all = summarise_prompts("", prompts);
  for (const auto& [name, of_class] : classes) {
    a.classes.push_back(summarise_prompts(name, of_class));
    if (of_class.size() == 1) a.classes.back().log_spread = a.all.log_spread;
  }
  return a;
}

double draw_tokens_per_step(const ClassAcceptance& c, double most, std::mt19937_64& random) {
  if (!(c.log_spread > 0)) return std::exp(c.log_mean);
  const auto n = static_cast<double>(std::max<std::size_t>(c.prompts, 2));
  const boost::math::students_t t(n - 1);  // the spread itself is known from n prompts only
  const double u = std::clamp(uniform(random), 1e-9, 1 - 1e-9);
  const double drawn = c.log_mean + c.log_spread * std::sqrt(1 + 1 / n) * quantile(t, u);
  return std::clamp(std::exp(drawn), 1.0,
                    std::max(1.0, most));  // a step gains one token, and one per row at most
}

std::vector<IndependenceTest> test_rtt_independence(const std::vector<Observation>& observations) {
  struct Steps {
    std::set<double> rtts;
    std::map<std::string, std::set<double>> rtts_of_prompt;
    std::vector<const Observation*> steps;
  };
  std::map<std::string, Steps> drafters;
  for (const Observation& o : observations) {
    if (o.prefill || !o.crossed()) continue;
    Steps& s = drafters[o.drafter];
    s.rtts.insert(o.condition.rtt_s);
    s.rtts_of_prompt[o.prompt_class + '\n' + o.prompt].insert(o.condition.rtt_s);
    s.steps.push_back(&o);
  }
  std::vector<IndependenceTest> tests;
  for (const auto& [name, s] : drafters) {
    IndependenceTest& test = tests.emplace_back(IndependenceTest{.drafter = name});
    std::map<double, std::map<unsigned, double>> table;  // RTT, tokens -> steps
    std::map<unsigned, double> columns;
    std::map<double, double> rows;
    for (const Observation* o : s.steps) {
      if (s.rtts_of_prompt.at(o->prompt_class + '\n' + o->prompt).size() < s.rtts.size()) continue;
      ++test.steps;
      ++columns[o->accepted];
      ++rows[o->condition.rtt_s];
      ++table[o->condition.rtt_s][o->accepted];
    }
    // Merge from the rarest high counts down, until every cell expects enough.
    const auto total = static_cast<double>(test.steps);
    double fewest = total;
    for (const auto& [rtt, count] : rows) fewest = std::min(fewest, count);
    while (columns.size() > 1 && columns.rbegin()->second * fewest < least_expected * total) {
      const unsigned rare = columns.rbegin()->first;
      const double count = columns.rbegin()->second;
      columns.erase(rare);
      const unsigned into = columns.rbegin()->first;
      columns[into] += count;
      for (auto& [rtt, cells] : table) {
        cells[into] += cells[rare];
        cells.erase(rare);
      }
    }
    if (rows.size() < 2 || columns.size() < 2) continue;
    for (const auto& [rtt, row] : rows) {
      for (const auto& [tokens, column] : columns) {
        const double expected = row * column / total;
        test.statistic += std::pow(table[rtt][tokens] - expected, 2) / expected;
      }
    }
    test.degrees = static_cast<int>((rows.size() - 1) * (columns.size() - 1));
    test.p_value = cdf(complement(boost::math::chi_squared(test.degrees), test.statistic));
  }
  return tests;
}

}  // namespace splitwan::model
