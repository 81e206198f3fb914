// What an AttnNode says of a query and its shard's keys: the largest score m, e = sum exp(score - m), and
// u = sum exp(score - m) v, per head.
#pragma once

#include "analysis/attacks/cascade/rows.hh"

namespace splitwan::attacks {

struct PartialResult {
  at::Tensor m, e, u;  // [heads], [heads], [heads, head_dim]
};
// query: [heads, head_dim]; keys, values: [n > 0, kv_heads, head_dim].
PartialResult partial_result(const Scoring&, const at::Tensor& query, const at::Tensor& keys,
                             const at::Tensor& values);
// u / e and m + ln e, which both forms on the wire tell: [1, heads * head_dim + heads].
at::Tensor told(const PartialResult&);

// The same of many candidates at once. query: [n or 1, heads, head_dim]; known keys and values: [k, ..];
// candidates' own: [n, c, kv_heads, head_dim] -> [n, heads * head_dim + heads].
struct CandidateRows {
  Scoring scoring;
  at::Tensor query, known_keys, known_values, keys, values;
};
at::Tensor told(const CandidateRows&);

}  // namespace splitwan::attacks
