// What the client of a generating server asks for: said in its hello.
#pragma once

#include "engine/base/json.hh"
#include "engine/base/sampling.hh"
#include "engine/privacy/mechanism_terms.hh"

namespace splitwan::engine {

struct TextOrder {
  MechanismTerms terms;
  int prompt_tokens = 0, max_new_tokens = 0;
  bool stop_at_eos = true;
  Sampling sampling;
};

Json to_json(const TextOrder&);        // {mechanism, generate}
TextOrder text_order_of(const Json&);  // of a hello; throws Error naming the key

}  // namespace splitwan::engine
