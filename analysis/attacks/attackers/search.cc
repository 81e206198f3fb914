#include "analysis/attacks/attackers/search.hh"

#include <ATen/ATen.h>

#include <algorithm>

namespace splitwan::attacks {

Prefix::Prefix(const Pieces& pieces, Cut cut, int depth, const engine::Codec* wire)
    : pieces_(pieces),
      cut_(cut),
      depth_(depth),
      end_(cut == Cut::input ? depth : pieces.config().layers - depth),
      wire_(wire),
      session_(pieces, end_) {}

at::Tensor Prefix::try_tokens(std::span<const Token> candidates) {
  tried_.assign(candidates.begin(), candidates.end());
  rows_ += candidates.size();
  session_.begin(leaves(tried_.size()));
  at::Tensor x = round_trip(session_.through(pieces_.embed(tried_), 0, depth_), *wire_);
  return cut_ == Cut::input ? x : session_.through(std::move(x), depth_, end_);
}

void Prefix::accept(Token token) {
  auto at = std::ranges::find(tried_, token);
  if (at == tried_.end()) {  // of an earlier batch
    try_tokens(std::span(&token, 1));
    at = tried_.begin();
  }
  const auto row = static_cast<std::int32_t>(at - tried_.begin());
  session_.commit(std::span(&row, 1));
  tried_.clear();
}

Proposals::Proposals(const Pieces& pieces) : pieces_(pieces), session_(pieces, pieces.config().layers) {}

std::vector<Token> Proposals::after(Token token) {
  session_.begin(chain(1));
  const at::Tensor x = session_.through(pieces_.embed(std::span(&token, 1)), 0, pieces_.config().layers);
  const at::Tensor order = pieces_.logits(x)[0].argsort(/*dim=*/0, /*descending=*/true);
  session_.commit_all();
  std::vector<Token> out;
  for (std::int64_t i = 0; i < order.size(0); ++i)
    out.push_back(static_cast<Token>(order.data_ptr<std::int64_t>()[i]));
  return out;
}

}  // namespace splitwan::attacks
