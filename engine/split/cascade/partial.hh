// Attention over some of the keys, and how such parts come together (log-sum-exp, as split-K and flash decoding
// do). No torch; float and double.
#pragma once

#include <span>
#include <string_view>

namespace splitwan::engine::cascade {

// What a part says of a query row. meu: per head u = sum of e^(s - m) v, then m = the largest score, e = sum of
// e^(s - m). o_lse: per head o = u / e, then m + ln e.
enum class PartialForm : unsigned char { meu, o_lse };
std::string_view name_of(PartialForm);
PartialForm partial_form_named(std::string_view, const std::string& where);  // throws Error

struct HeadShape {
  int heads = 0, kv_heads = 0, head_dim = 0;
  double scale = 1;  // of scores
  int q_width() const { return heads * head_dim; }
};

// Values of a part: u or o [heads, head_dim], then m [heads] and e [heads], or lse [heads].
int partial_width(const HeadShape&, PartialForm);

// One query row [heads, head_dim] over at least one key and its value [kv_heads, head_dim], in their order.
template <typename T>
void attend(const HeadShape&, PartialForm, const T* query, std::span<const T* const> keys,
            std::span<const T* const> values, T* part);

// At least one part of the same row, in their order -> [heads, head_dim]. Parts over no key do not exist.
template <typename T>
void merge(const HeadShape&, PartialForm, std::span<const T* const> parts, T* mixed);

}  // namespace splitwan::engine::cascade
