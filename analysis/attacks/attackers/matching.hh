// Vocabulary matching (Thomas et al. 2025, arXiv 2505.18332): every candidate's state against the one seen,
// by L1 distance, most likely candidates first; the first within `threshold` is taken, else the nearest of
// all.
#pragma once

#include "analysis/attacks/attackers/search.hh"
#include "analysis/attacks/exam/stop.hh"

namespace splitwan::attacks {

// How the rows were shuffled before the attacker got them: their order (sequence), the columns of each row
// (hidden), or both.
enum class Permutation : std::uint8_t { none, sequence, hidden, both };

struct Seen {
  at::Tensor rows;  // [tokens, width], row 0 is the begin-of-text token's
  Token first = 0;  // that token
};
at::Tensor permuted(const at::Tensor& rows, Permutation, const at::Generator&);

struct Search {
  const Pieces& pieces;  // the attacker's
  Cut cut = Cut::input;
  std::vector<int> depths = {
      0};  // that the session may have: the one that explains its second row best is taken
  const engine::Codec* wire = &engine::lossless_codec();
  double threshold = 0;  // distance below which a candidate is taken at once
};

struct Found {
  std::vector<Token> tokens;  // after the first
  std::uint64_t passes = 0;   // candidate rows taken through the layers
};
Found match_vocabulary(const Search&, const Seen&, Permutation, const Stop&);

// The depth whose best candidate for the second row comes nearest (L1). Adds to `passes`.
int most_likely_depth(const Search&, const Seen&, std::uint64_t& passes);

// L1 or L2 distance of the right candidate at each position of a text that the attacker knows, given what was
// seen.
std::vector<double> right_distances(const Search&, const Seen&, std::span<const Token> text, int norm);

// Candidates come in batches that grow: most are found among the first few.
std::vector<std::span<const Token>> batches_of(std::span<const Token> order);

}  // namespace splitwan::attacks
