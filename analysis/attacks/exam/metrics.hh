// What an attack recovered, as figures.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/base/json.hh"
#include "engine/base/types.hh"

namespace splitwan::attacks {

using engine::Token;

// One document's tokens to recover, and what kind each is.
struct Truth {
  std::vector<Token> tokens;
  std::vector<bool> digit, name, rare;
  std::vector<Token> rejected;  // of guessed rows that were not kept
};

// Per token the guesses, best first: five of them, or one where the attack ranks nothing.
using Guesses = std::vector<std::vector<Token>>;
struct Recovered {
  Guesses tokens, rejected;  // rejected: empty where the attack does not look at them
};

struct Figures {
  std::size_t documents = 0, tokens = 0;
  double top1 = 0, low = 0, high = 0;  // 90 % bootstrap interval over documents
  std::optional<double> top5;
  double exact = 0;    // share of documents recovered whole
  double rouge_l = 0;  // F1 of the longest common subsequence of tokens, mean over documents
  double bleu = 0;     // BLEU-4 of tokens over all documents
  std::optional<double> digits, names, rare, rejected;  // top-1 of those; none where there are none
};
Figures measure(const std::vector<Truth>&, const std::vector<Recovered>&, std::uint64_t seed);

double rouge_l(const std::vector<Token>& truth, const std::vector<Token>& guess);
double bleu(const std::vector<std::vector<Token>>& truth, const std::vector<std::vector<Token>>& guess);

// Adds top1, top1_ci90, top5, exact, rouge_l, bleu, top1_digits, top1_names, top1_rare, top1_rejected.
void add_figures(engine::Json& row, const Figures&);

}  // namespace splitwan::attacks
