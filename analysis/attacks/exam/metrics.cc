#include "analysis/attacks/exam/metrics.hh"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/philox.hh"

namespace splitwan::attacks {
namespace {

struct Count {
  std::size_t hits = 0, all = 0;
  void add(bool hit) { hits += hit, ++all; }
  double share() const { return all ? static_cast<double>(hits) / static_cast<double>(all) : 0; }
  std::optional<double> share_if_any() const { return all ? std::optional(share()) : std::nullopt; }
};

std::vector<Token> first_guesses(const Guesses& guesses) {
  std::vector<Token> out;
  out.reserve(guesses.size());
  for (const auto& g : guesses) out.push_back(g.front());
  return out;
}

// Documents are drawn again with replacement: tokens of one document are not independent.
std::pair<double, double> interval(const std::vector<Count>& documents, std::uint64_t seed) {
  constexpr std::uint32_t rounds = 1000;
  std::vector<double> shares;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    Count sum;
    for (std::uint32_t i = 0; i < documents.size(); ++i) {
      const Count& drawn = documents[engine::philox(seed, {round, i, 11, 0})[0] % documents.size()];
      sum.hits += drawn.hits, sum.all += drawn.all;
    }
    shares.push_back(sum.share());
  }
  std::ranges::sort(shares);
  return {shares[rounds / 20], shares[rounds - 1 - rounds / 20]};
}

using Grams = std::map<std::vector<Token>, int>;
Grams grams_of(const std::vector<Token>& tokens, std::size_t n) {
  Grams grams;
  for (std::size_t i = 0; i + n <= tokens.size(); ++i)
    ++grams[{tokens.begin() + static_cast<std::ptrdiff_t>(i),
             tokens.begin() + static_cast<std::ptrdiff_t>(i + n)}];
  return grams;
}

}  // namespace

double rouge_l(const std::vector<Token>& truth, const std::vector<Token>& guess) {
  if (truth.empty() || guess.empty()) return 0;
  std::vector<std::size_t> row(guess.size() + 1);
  for (const Token t : truth) {
    std::size_t diagonal = 0;
    for (std::size_t j = 1; j <= guess.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = t == guess[j - 1] ? diagonal + 1 : std::max(row[j], row[j - 1]);
      diagonal = above;
    }
  }
  return 2.0 * static_cast<double>(row.back()) / static_cast<double>(truth.size() + guess.size());
}

double bleu(const std::vector<std::vector<Token>>& truth, const std::vector<std::vector<Token>>& guess) {
  double log_sum = 0, ours = 0, theirs = 0;
  for (std::size_t n = 1; n <= 4; ++n) {
    double hits = 0, all = 0;
    for (std::size_t d = 0; d < truth.size(); ++d) {
      const Grams reference = grams_of(truth[d], n);
      for (const auto& [gram, count] : grams_of(guess[d], n)) {
        const auto found = reference.find(gram);
        hits += found == reference.end() ? 0 : std::min(count, found->second);
        all += count;
      }
    }
    if (hits == 0) return 0;
    log_sum += std::log(hits / all) / 4;
  }
  for (std::size_t d = 0; d < truth.size(); ++d) {
    theirs += static_cast<double>(truth[d].size());
    ours += static_cast<double>(guess[d].size());
  }
  return std::exp(log_sum + std::min(0.0, 1 - theirs / ours));
}

Figures measure(const std::vector<Truth>& truth, const std::vector<Recovered>& recovered,
                std::uint64_t seed) {
  Figures f;
  f.documents = truth.size();
  std::vector<Count> documents(truth.size());
  Count top5, digits, names, rare, rejected;
  bool ranked = false;
  std::vector<std::vector<Token>> texts, guesses;
  for (std::size_t d = 0; d < truth.size(); ++d) {
    const Truth& t = truth[d];
    const Guesses& g = recovered[d].tokens;
    for (std::size_t i = 0; i < t.tokens.size(); ++i) {
      const bool hit = g[i].front() == t.tokens[i];
      documents[d].add(hit);
      ranked = ranked || g[i].size() > 1;
      top5.add(std::ranges::count(g[i], t.tokens[i]) > 0);
      if (t.digit[i]) digits.add(hit);
      if (t.name[i]) names.add(hit);
      if (t.rare[i]) rare.add(hit);
    }
    for (std::size_t i = 0; i < recovered[d].rejected.size(); ++i)
      rejected.add(recovered[d].rejected[i].front() == t.rejected[i]);
    texts.push_back(t.tokens);
    guesses.push_back(first_guesses(g));
    f.rouge_l += rouge_l(texts.back(), guesses.back());
    f.exact += texts.back() == guesses.back() ? 1 : 0;
  }
  f.rouge_l /= static_cast<double>(truth.size());
  f.exact /= static_cast<double>(truth.size());
  f.tokens = top5.all;
  Count all;
  for (const Count& c : documents) all.hits += c.hits, all.all += c.all;
  f.top1 = all.share();
  std::tie(f.low, f.high) = interval(documents, seed);
  if (ranked) f.top5 = top5.share();
  f.bleu = bleu(texts, guesses);
  f.digits = digits.share_if_any();
  f.names = names.share_if_any();
  f.rare = rare.share_if_any();
  f.rejected = rejected.share_if_any();
  return f;
}

void add_figures(engine::Json& row, const Figures& f) {
  const auto or_null = [](const std::optional<double>& x) { return x ? engine::Json(*x) : engine::Json(); };
  row["tokens"] = f.tokens;
  row["documents"] = f.documents;
  row["top1"] = f.top1;
  row["top1_ci90"] = {f.low, f.high};
  row["top5"] = or_null(f.top5);
  row["exact"] = f.exact;
  row["rouge_l"] = f.rouge_l;
  row["bleu"] = f.bleu;
  row["top1_digits"] = or_null(f.digits);
  row["top1_names"] = or_null(f.names);
  row["top1_rare"] = or_null(f.rare);
  row["top1_rejected"] = or_null(f.rejected);
}

}  // namespace splitwan::attacks
