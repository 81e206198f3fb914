#include "analysis/attacks/mechanism/knowledge.hh"

#include <ATen/ATen.h>

#include <numeric>

#include "analysis/attacks/exam/options.hh"
#include "engine/base/error.hh"

namespace splitwan::attacks {

Knowledge::Knowledge(const Pieces& pieces, CorpusSize size) : pieces_(pieces) {
  if (size.tokens < window || size.tokens % window != 0)
    throw engine::Error("tokens of a text: expected a multiple of {}, found {}", window, size.tokens);
  tokens_.resize(static_cast<std::size_t>(vocabulary()));
  std::iota(tokens_.begin(), tokens_.end(), 0);
  embedding_ = pieces.embed(tokens_).clone();
  texts_ = sample_texts(pieces, 0, size.texts, size.tokens, size.seed);
  std::vector<Text> written = texts_;  // the first token is never asked for
  for (Text& text : written) text.ids.erase(text.ids.begin());
  const at::Tensor counts = at::tensor(frequencies(written, vocabulary()), at::kDouble);
  log_unigram_ = (counts / counts.sum()).log();
}

Token Knowledge::first() const { return std::max<Token>(pieces_.config().bos, 0); }

}  // namespace splitwan::attacks
