#include "analysis/attacks/cascade/partial_result.hh"

#include <ATen/ATen.h>

#include <cmath>

namespace splitwan::attacks {

using at::Tensor;

namespace {

// [.., kv_heads, head_dim] -> [.., heads, head_dim]
Tensor for_queries(const Tensor& x, std::int64_t heads) {
  return x.repeat_interleave(heads / x.size(-2), -2);
}

}  // namespace

PartialResult partial_result(const Scoring& scoring, const Tensor& query, const Tensor& keys,
                             const Tensor& values) {
  const auto heads = query.size(0);
  const Tensor scores = scoring((for_queries(keys, heads) * query).sum(-1));  // [n, heads]
  const Tensor m = std::get<0>(scores.max(0)), weights = (scores - m).exp();
  return {m, weights.sum(0), (for_queries(values, heads) * weights.unsqueeze(-1)).sum(0)};
}

Tensor told(const PartialResult& p) {
  return at::cat({(p.u / p.e.unsqueeze(1)).flatten(), p.m + p.e.log()}).unsqueeze(0);
}

Tensor told(const CandidateRows& c) {
  const auto n = c.keys.size(0), heads = c.query.size(1), known = c.known_keys.size(0);
  const Tensor query = c.query.unsqueeze(1);                                // [n or 1, 1, heads, head_dim]
  Tensor scores = c.scoring((for_queries(c.keys, heads) * query).sum(-1));  // [n, c, heads]
  Tensor values = for_queries(c.values, heads);                             // [n, c, heads, head_dim]
  if (known > 0) {
    const Tensor before = c.scoring((for_queries(c.known_keys, heads).unsqueeze(0) * query).sum(-1));
    scores = at::cat({before.expand({n, known, heads}), scores}, 1);
  }
  const Tensor weights = scores.softmax(1);
  Tensor mixed = (values * weights.slice(1, known).unsqueeze(-1)).sum(1);  // [n, heads, head_dim]
  if (known > 0)
    mixed =
        mixed + at::einsum("nkh,khd->nhd", {weights.slice(1, 0, known), for_queries(c.known_values, heads)});
  return at::cat({mixed.flatten(1), scores.logsumexp(1)}, 1);
}

}  // namespace splitwan::attacks
