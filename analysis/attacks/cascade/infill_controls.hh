// Answers of who sees no row, and how answers are marked.
#pragma once

#include <map>

#include "analysis/attacks/exam/corpus.hh"
#include "analysis/attacks/exam/metrics.hh"

namespace splitwan::attacks {

// Of every held-out text but its first token.
struct InfillAnswer {
  std::vector<Guesses> documents;
  std::int64_t pairs = 0;            // learned from
  std::uint64_t forward_passes = 0;  // rows through the model's layers
  double seconds = 0;
};

// By name: unigram, greedy_text, language_model (infill.hh). `written`: the attacker's texts.
std::map<std::string, InfillAnswer> blind_answers(const Pieces&, std::span<const Text> written,
                                                  std::span<const Text> held_out);

// seen: of each position but the first, 0 or 1; held-out texts may be shorter.
engine::Json infill_marks(const InfillAnswer&, std::span<const Text> held_out, std::span<const float> seen,
                          std::uint64_t seed);

}  // namespace splitwan::attacks
