// The attacker's own text: sampled from the model itself (whoever has its weights needs no corpus), or files.
#pragma once

#include "analysis/attacks/exam/documents.hh"
#include "engine/text/tokenizer.hh"

namespace splitwan::attacks {

// `count` texts of `length` rows, sampled at temperature 1 from the begin-of-text token on, with the greedy
// token after each row. A function of the seed and `first`: text i of a long corpus is the same however it is
// cut.
std::vector<Text> sample_texts(const Pieces&, std::size_t first, std::size_t count, int length,
                               std::uint64_t seed);

// Documents of text files (split at blank lines), begin-of-text token first, cut into pieces of `length`
// rows; shorter rests are left out.
std::vector<Text> texts_of_files(std::span<const std::string> files, const engine::Tokenizer&,
                                 const engine::ModelConfig&, int length);
// Fills in what the model would put after each row.
void add_greedy(const Pieces&, Text&);

// How often each token was seen, one added.
std::vector<double> frequencies(std::span<const Text>, int vocabulary);

}  // namespace splitwan::attacks
