// What an attacker brings along, whatever the mechanism: the model, and text that the model wrote. Made once
// for a model, shared by all that is attacked.
#pragma once

#include "analysis/attacks/exam/corpus.hh"

namespace splitwan::attacks {

struct CorpusSize {
  std::size_t texts = 400;
  int tokens = 64;  // of each; a multiple of `window`, which the sequence network looks at
  std::uint64_t seed = 0xa77ac4;
};

class Knowledge {
 public:
  explicit Knowledge(const Pieces&, CorpusSize = {});

  const Pieces& pieces() const { return pieces_; }
  int vocabulary() const { return pieces_.config().vocabulary; }
  Token first() const;                                          // of every text: known to everybody
  const std::vector<Token>& tokens() const { return tokens_; }  // 0 .. vocabulary - 1
  const at::Tensor& embedding() const { return embedding_; }    // [vocabulary, width]
  const std::vector<Text>& texts() const { return texts_; }
  // ln of how often the model writes a token, begin-of-text apart: one added to each count.
  const at::Tensor& log_unigram() const { return log_unigram_; }  // [vocabulary], double

 private:
  const Pieces& pieces_;
  std::vector<Token> tokens_;
  at::Tensor embedding_, log_unigram_;
  std::vector<Text> texts_;
};

}  // namespace splitwan::attacks
