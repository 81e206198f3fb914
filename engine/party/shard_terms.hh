// What a run with sharded tokens agrees on beside the model: who holds what, what partial results are made of
// and where they meet. A run header's `cascade` says the same. No torch.
#pragma once

#include <string>

#include "engine/base/json.hh"
#include "engine/party/shards.hh"

namespace splitwan::engine {

// Of a query row and head over one shard's keys: the largest score m, the sum e of exp(score - m) and the sum
// u of exp(score - m) v; or o = u / e and lse = m + log e, a number a head less.
enum class PartialForm : std::uint8_t { meu, o_lse };
std::string name_of(PartialForm);
PartialForm partial_form_named(const std::string&, const std::string& where);  // throws Error

struct ShardTerms {
  Sharding sharding;
  PartialForm form = PartialForm::meu;
  int numbers_per_head() const { return form == PartialForm::meu ? 2 : 1; }  // beside the value itself
};

// {"alpha", "cluster", "form": "meu" or "o_lse", "merge": "compnode" or "aggregator"}
Json to_json(const ShardTerms&);
// Throws Error naming `where` and the key.
ShardTerms shard_terms_of(const Json&, const std::string& where);

}  // namespace splitwan::engine
