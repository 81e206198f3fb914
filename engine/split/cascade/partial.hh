// Attention over some of the keys, and how such parts come together (log-sum-exp, as split-K and flash
// decoding do). No torch; float and double.
#pragma once

#include <span>

#include "engine/party/shard_terms.hh"

namespace splitwan::engine::cascade {

struct HeadShape {
  int heads = 0, kv_heads = 0, head_dim = 0;
  double scale = 1;  // of scores
  double cap = 0;    // of scaled scores: cap * tanh(score / cap); 0 = none
  int q_width() const { return heads * head_dim; }
};

// Values of a part in the order of the wire: u or o [heads, head_dim], then m [heads] and e [heads], or lse
// [heads].
int partial_width(const HeadShape&, PartialForm);

// One query row [heads, head_dim] over at least one key and its value [kv_heads, head_dim], in their order.
template <typename T>
void attend(const HeadShape&, PartialForm, const T* query, std::span<const T* const> keys,
            std::span<const T* const> values, T* part);

// At least one part of the same row, in their order -> [heads, head_dim]. Parts over no key do not exist.
template <typename T>
void merge(const HeadShape&, PartialForm, std::span<const T* const> parts, T* mixed);

}  // namespace splitwan::engine::cascade
