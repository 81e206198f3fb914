// Tokens from rows by a table of what every token's row is, without a search.
#pragma once

#include "analysis/attacks/cascade/few_keys.hh"
#include "analysis/attacks/cascade/partial_result.hh"

namespace splitwan::attacks {

// Every token's rows at a layer, each run behind the first token of texts alone: exact at layer 0, where a
// row is a function of token and position. Costs one forward per token of the vocabulary.
class RowTable {
 public:
  RowTable(const Pieces&, int layer, Token first);

  struct Nearest {
    Token token = 0;
    double distance = 0;  // relative
  };
  // Of one row that stood at `position`: [1, columns].
  Nearest look_up(RowKind, const at::Tensor& row, int position) const;
  std::vector<Token> few(RowKind, const at::Tensor& row, int position, int count) const;  // the nearest first
  Nearest look_up_value(const at::Tensor& value) const;  // [kv_heads, head_dim]
  const at::Tensor& values() const { return values_; }   // [vocabulary, kv_heads, head_dim]
  LayerRows rows(std::span<const Token>, const at::Tensor& positions) const;
  int layer() const { return layer_; }

 private:
  at::Tensor at_position(RowKind, int position) const;  // [vocabulary, columns]
  const Pieces& pieces_;
  int layer_;
  at::Tensor hidden_, values_;
};

// The single key's value row: u / e. [kv_heads, head_dim]
at::Tensor value_of(const PartialResult&, int kv_heads);

// The tokens at the two keys' positions, of two or more partial results over the same two keys, with the
// queries that were asked ([heads, head_dim] each): e - 1 is the lesser weight, two equations in the same key
// head give both value rows, the scores tell which is which.
std::optional<std::array<Token, 2>> solve_two_keys(const RowTable&, std::span<const PartialResult>,
                                                   std::span<const at::Tensor> queries,
                                                   const Positions& keys);

// Tokens of shard `owner`'s or, below 0, the aggregator's few-key partial results, by position.
struct Exposed {
  std::map<int, Token> one_key, two_keys;
};
Exposed read_few_keys(const RowTable&, const LayerRows& shown, const engine::Sharding&, int tokens,
                      int owner);

}  // namespace splitwan::attacks
