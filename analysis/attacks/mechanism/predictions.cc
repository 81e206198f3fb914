#include "analysis/attacks/mechanism/predictions.hh"

#include <ATen/ATen.h>

#include <limits>

namespace splitwan::attacks {

Predictions::Predictions(const Pieces& pieces, Token first)
    : pieces_(pieces), session_(pieces, pieces.config().layers) {
  session_.begin(leaves(1));
  run(std::span(&first, 1));
}

void Predictions::extend(std::span<const Token> tokens, std::span<const std::int32_t> parent) {
  std::vector<std::int32_t> rows;
  for (const std::int32_t hypothesis : parent) rows.push_back(step_ + hypothesis);
  session_.grow(rows);
  run(tokens);
}

void Predictions::run(std::span<const Token> tokens) {
  step_ = rows_;
  rows_ += static_cast<std::int32_t>(tokens.size());
  const at::Tensor x = session_.through(pieces_.embed(tokens), 0, pieces_.config().layers);
  next_ = at::log_softmax(pieces_.logits(x).to(at::kDouble), 1);
}

at::Tensor likelihoods(const Scene& scene, const Sent& sent, std::int64_t row,
                       const std::vector<Tokens>& hypotheses, const at::Tensor& prior, int shortlist) {
  const at::Tensor best = scene.log_likelihood(sent, row, hypotheses.front());
  if (!scene.prefix_matters()) return best.unsqueeze(0);
  at::Tensor out = at::full_like(prior, -std::numeric_limits<double>::infinity());
  out[0].copy_(best);
  const auto count = std::min<std::int64_t>(shortlist, prior.size(1));
  for (std::size_t i = 1; i < hypotheses.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const at::Tensor which = std::get<1>((prior[at] + best).topk(count)).contiguous();
    const auto* ids = which.data_ptr<std::int64_t>();
    const Tokens tokens(ids, ids + count);
    out[at].index_copy_(0, which, scene.log_likelihood(sent, row, hypotheses[i], tokens));
  }
  return out;
}

}  // namespace splitwan::attacks
