#include "scenarios/train/agreement.hh"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "engine/base/error.hh"
#include "scenarios/train/kernels.hh"

namespace splitwan::scenarios {

using engine::Json;
using engine::Token;

namespace {

constexpr int opening_tokens = 48, written_tokens = 64, windows_each = 32;

double repeated_share(std::span<const Token> ids) {
  std::set<std::array<Token, 4>> seen;
  int repeated = 0;
  const int total = static_cast<int>(ids.size()) - 3;
  for (int i = 0; i < total; ++i)
    repeated += !seen.insert({ids[i], ids[i + 1], ids[i + 2], ids[i + 3]}).second;
  return total > 0 ? static_cast<double>(repeated) / total : 0;
}

// The draft's view of one token that the teacher wrote.
struct Guess {
  int rank = 0;
  double log_probability = 0;
};

std::vector<Guess> guesses(const Replica& draft, const Passages& p, int window) {
  Windows one;
  const auto ids = p.ids.begin() + std::ptrdiff_t{window} * (p.context + 1);
  one.inputs.assign(ids, ids + p.context);
  one.targets.assign(ids + 1, ids + p.context + 1);
  one.count = 1;
  at::Tensor logits = draft.logits(one, 0, 1);
  std::vector<Guess> list;
  for (int i = p.given[window] - 1; i < p.context; ++i) {
    float* row = logits.data_ptr<float>() + i * logits.size(1);
    const float wanted = row[one.targets[i]];
    const auto rank = std::count_if(row, row + logits.size(1), [&](float other) { return other > wanted; });
    list.push_back({static_cast<int>(rank), wanted - kernels::softmax(logits.size(1), 1, row)});
  }
  return list;
}

// Steps of up to 8 guesses, of which the leading ones that `holds` says are right count, and the teacher's
// own token after them.
template <typename Holds>
int steps_of(const std::vector<Guess>& list, const Holds& holds) {
  int steps = 0;
  for (std::size_t at = 0; at < list.size(); ++at, ++steps) {
    double path = 0;
    for (int depth = 0; depth < 8 && at < list.size() && holds(list[at], path += list[at].log_probability);
         ++depth)
      ++at;
  }
  return steps;
}

}  // namespace

AgreementTest::AgreementTest(const Recipe& recipe, const DataMix& mix, const Teacher& teacher) {
  const int context = std::min(recipe.context, opening_tokens + written_tokens);
  const std::size_t opening = std::max(context - written_tokens, context / 2);
  for (std::size_t s = 0; s < mix.sources().size(); ++s) {
    const Windows windows = mix.held_out(s, windows_each);
    for (const double temperature : recipe.teacher->text_temperatures) {
      std::vector<Opening> openings;
      for (int i = 0; i < windows.count; ++i) {
        const auto from = windows.inputs.begin() + std::ptrdiff_t{i} * recipe.context;
        openings.push_back(
            {{from, from + static_cast<std::ptrdiff_t>(opening)}, temperature, recipe.seed + i});
      }
      sets_.push_back({mix.sources()[s].name,
                       temperature == 0 ? "greedy" : fmt::format("temperature {}", temperature),
                       teacher.write(openings, context)});
    }
  }
}

Json AgreementTest::run(const Replica& draft) const {
  const at::NoGradGuard guard;
  Json result = Json::object();
  for (const Set& set : sets_) {
    int tokens = 0, top1 = 0, top4 = 0, chain = 0, tree = 0, kept = 0;
    for (int w = 0; w < set.passages.count; ++w) {
      const std::span all(set.passages.ids);
      const int given = set.passages.given[w], length = set.passages.context + 1;
      if (repeated_share(all.subspan(std::size_t(w) * length + given, length - given)) >= 0.2) continue;
      ++kept;
      const auto list = guesses(draft, set.passages, w);
      tokens += static_cast<int>(list.size());
      for (const Guess& guess : list) {
        top1 += guess.rank == 0;
        top4 += guess.rank < 4;
      }
      chain += steps_of(list, [](const Guess& guess, double) { return guess.rank == 0; });
      tree += steps_of(list, [](const Guess&, double path) { return path >= -std::log(32.0); });
    }
    Json figures{{"windows", kept}, {"share_left_out", 1 - static_cast<double>(kept) / set.passages.count}};
    if (kept) {
      figures["top1"] = static_cast<double>(top1) / tokens;
      figures["top4"] = static_cast<double>(top4) / tokens;
      figures["tokens_per_step_chain"] = static_cast<double>(tokens) / chain;
      figures["tokens_per_step_tree"] = static_cast<double>(tokens) / tree;
    }
    result[set.source][set.decoding] = figures;
  }
  return result;
}

}  // namespace splitwan::scenarios
